/**
 * The archive of a broker's data as text: one JSON object a line, the first one naming the format.
 * Bytes are base64; what is not there is left out. Reads strictly: a line is what this program
 * could have written, or an error that says why not.
 */
import type { ArchiveRecord } from '@godwit/broker';
import { z } from 'zod';

const formatVersion = 1;

/** The first line. */
const header = { archive: 'godwit', version: formatVersion };

const bytes = z.string().transform((encoded, context) => {
  const decoded = Buffer.from(encoded, 'base64');
  if (decoded.toString('base64') === encoded) return new Uint8Array(decoded);
  context.issues.push({ code: 'custom', message: 'expected base64', input: '' });
  return z.NEVER;
});
const qos = z.literal([0, 1, 2]);
const time = z.int().min(1).nullable().default(null);
const text = z.string();

const contentProperties = {
  payloadFormatIndicator: z.literal([0, 1]).optional(),
  messageExpiryInterval: z.int().optional(),
  contentType: text.optional(),
  responseTopic: text.optional(),
  correlationData: bytes.optional(),
  userProperties: z.array(z.tuple([text, text])).optional(),
};

const content = {
  topic: text,
  qos,
  expiresAtMs: time,
  properties: z.strictObject(contentProperties).prefault({}),
  payload: bytes,
};

const target = z.strictObject({
  clientId: text,
  number: z.int(),
  qos: z.literal([1, 2]),
  retain: z.boolean().default(false),
  identifiers: z.array(z.int()).default([]),
  share: text.nullable().default(null),
});

const recordSchema: z.ZodType<ArchiveRecord> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('session'),
    clientId: text,
    expirySeconds: z.int(),
    expiresAtMs: time,
    sentUpTo: z.int().default(0),
    received: z.array(z.int()).default([]),
    inbound: z.array(z.int()).default([]),
  }),
  z.strictObject({
    kind: z.literal('subscription'),
    clientId: text,
    filter: text,
    qos,
    noLocal: z.boolean().default(false),
    retainAsPublished: z.boolean().default(false),
    identifier: z.int().default(0),
  }),
  z.strictObject({
    kind: z.literal('message'),
    targets: z.array(target),
    ...content,
    retain: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal('retained'), ...content }),
  z.strictObject({
    kind: z.literal('will'),
    clientId: text,
    dueAtMs: time,
    topic: text,
    qos,
    retain: z.boolean().default(false),
    properties: z
      .strictObject({ ...contentProperties, willDelayInterval: z.int().optional() })
      .prefault({}),
    payload: bytes,
  }),
]);

/** What is wrong with a line; counted from 1. */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';

  constructor(line: number, reason: string, options?: ErrorOptions) {
    super(`line ${line}: ${reason}`, options);
  }
}

/** The lines of an archive, each with its end. */
export async function* archiveLines(
  records: AsyncIterable<ArchiveRecord>,
): AsyncGenerator<string, void, undefined> {
  yield `${JSON.stringify(header)}\n`;
  for await (const record of records) yield `${JSON.stringify(plain(record))}\n`;
}

/**
 * The record of each line that is not empty, with its number.
 * @throws ArchiveError for the first line that is wrong
 */
export async function* archiveRecords(
  lines: AsyncIterable<Uint8Array>,
): AsyncGenerator<[line: number, record: ArchiveRecord], void, undefined> {
  let line = 0;
  let hasHeader = false;
  for await (const bytesOfLine of lines) {
    line += 1;
    if (bytesOfLine.length === 0) continue;
    const value = parse(line, bytesOfLine);
    if (hasHeader) yield [line, recordOf(line, value)];
    else checkHeader(line, value);
    hasHeader = true;
  }
  if (!hasHeader) throw new ArchiveError(1, `is not there, expected ${JSON.stringify(header)}`);
}

function parse(line: number, bytesOfLine: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytesOfLine));
  } catch (error) {
    throw new ArchiveError(line, 'is not JSON in UTF-8', { cause: error });
  }
}

function checkHeader(line: number, value: unknown): void {
  const { archive, version } = (value ?? {}) as { archive?: unknown; version?: unknown };
  if (archive !== header.archive) {
    throw new ArchiveError(line, `is not the beginning, expected ${JSON.stringify(header)}`);
  }
  if (version !== formatVersion) {
    const found = JSON.stringify(version);
    throw new ArchiveError(line, `version is ${found}, this program knows ${formatVersion}`);
  }
}

function recordOf(line: number, value: unknown): ArchiveRecord {
  const result = recordSchema.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new ArchiveError(line, path.length === 0 ? message : `${path.join('.')}: ${message}`);
}

/** Without what is the same if left out. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name, each]) => !isDefault(name, each))
    .map(([name, each]) => [name, plain(name === 'properties' ? inOrder(each) : each)]);
  return Object.fromEntries(entries);
}

/** As the publisher's order is lost when they are written anew, it must not show. */
function inOrder(properties: object): object {
  return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isDefault(name: string, value: unknown): boolean {
  if (value === null || value === false || value === undefined) return true;
  if (value === 0) return name === 'sentUpTo' || name === 'identifier';
  if (value instanceof Uint8Array || typeof value !== 'object') return false;
  return name !== 'targets' && Object.keys(value).length === 0;
}
