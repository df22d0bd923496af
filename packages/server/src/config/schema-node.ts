/**
 * The schema as a tree that can be asked: what stands at a path, what is expected there, how a text
 * of the environment or the command line becomes a value. Made from the schema, never beside it.
 */
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** Names of keys and, in arrays, decimal indexes. */
export type Path = readonly string[];

/** The part of JSON Schema that the configuration uses. */
export interface SchemaNode {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  /** Its value is not to be shown. */
  readonly secret?: boolean;
}

/** The whole configuration. */
export const rootNode: SchemaNode = z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode;

/** What the schema says about `path`; undefined where it knows no such key. */
export function nodeAt(path: Path): SchemaNode | undefined {
  let node: SchemaNode | undefined = rootNode;
  for (const step of path) {
    if (node?.type === 'array') node = /^\d{1,4}$/.test(step) ? node.items : undefined;
    else if (node?.properties !== undefined && Object.hasOwn(node.properties, step)) {
      node = node.properties[step];
    } else return undefined;
  }
  return node;
}

/** `an integer from 1 to 65,535`, `"pretty" or "json"`, … */
export function expectation(node: SchemaNode): string {
  if (node.enum !== undefined) {
    return node.enum.map(value => JSON.stringify(value)).join(' or ');
  }
  switch (node.type) {
    case 'integer':
      return `an integer from ${grouped(node.minimum ?? 0)} to ${grouped(node.maximum ?? 0)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return `a text of 1 to ${node.maxLength} characters`;
    case 'array':
      return `a list of ${node.minItems} to ${node.maxItems} ${node.items?.type === 'string' ? 'texts' : 'tables'}`;
    case 'object':
      return 'a table';
  }
}

/** A text as the type that is expected; the text itself where it cannot be that. */
export function valueOfText(node: SchemaNode, text: string): unknown {
  if (node.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return node.type === 'integer' && /^[+-]?\d[\d_]*$/.test(text)
    ? Number(text.replaceAll('_', ''))
    : text;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}
