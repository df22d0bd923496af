/**
 * What the state log says, item by item: a key of a table has a value, or none; a value moved here
 * from an older file.
 */

import type { LogWriter } from '../log/log-writer.ts';

const Kind = { put: 1, remove: 2 } as const;

/** The tables, in the order of their numbers, which begin with 1 and stay for ever. */
export const tableNames = ['sessions', 'subscriptions', 'retained', 'wills'] as const;

/** Bytes of a put besides its key and value. */
export const PUT_BYTES = 10;

/** What is done with the items of a record; a value is at `at` in its body. */
export interface StateVisitor {
  put(table: number, key: string, at: number, length: number): void;
  remove(table: number, key: string): void;
}

/** Writes a put; gives where the value is in the body. */
export function writePut(to: LogWriter, table: number, key: string, value: Uint8Array): number {
  to.count += 1;
  to.u8(Kind.put);
  to.u8(table);
  to.text(key);
  return to.bytes(value);
}

export function writeRemove(to: LogWriter, table: number, key: string): void {
  to.count += 1;
  to.u8(Kind.remove);
  to.u8(table);
  to.text(key);
}

/** Visits every item of a record's body, in order. */
export function readItems(body: Buffer, visitor: StateVisitor): void {
  for (let at = 0; at < body.length; ) {
    const kind = body[at];
    const table = body[at + 1];
    const keyEnd = at + 6 + body.readUInt32LE(at + 2);
    const key = body.toString('utf8', at + 6, keyEnd);
    if (kind === Kind.put) {
      const length = body.readUInt32LE(keyEnd);
      visitor.put(table, key, keyEnd + 4, length);
      at = keyEnd + 4 + length;
    } else if (kind === Kind.remove) {
      visitor.remove(table, key);
      at = keyEnd;
    } else {
      throw new Error(`an item of the unknown kind ${kind}`);
    }
  }
}
