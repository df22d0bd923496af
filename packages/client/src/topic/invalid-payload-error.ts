/** A payload that is not what its topic promises. */
import type { SchemaIssue } from './standard-schema.ts';

/** A value that the schema refuses, or bytes that the codec cannot decode: then with a `cause`. */
export class InvalidPayloadError extends Error {
  readonly topic: string;
  /** What the schema found; empty when the payload could not be decoded. */
  readonly issues: readonly SchemaIssue[];

  constructor(topic: string, issues: readonly SchemaIssue[], init?: { cause: unknown }) {
    const [first] = issues;
    const why = first === undefined ? 'it cannot be decoded' : `${place(first)}${first.message}`;
    super(`the payload of ${topic} is invalid: ${why}`, init);
    this.name = 'InvalidPayloadError';
    this.topic = topic;
    this.issues = issues;
  }
}

function place({ path = [] }: SchemaIssue): string {
  if (path.length === 0) return '';
  return `${path.map(part => String(typeof part === 'object' ? part.key : part)).join('.')}: `;
}
