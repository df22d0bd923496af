/**
 * What the state log says, item by item: a key of a table has a value, or none; an inbox has one
 * more entry, or none up to a position. Each item can be read again in any later record.
 */

import type { EntryRef } from '@godwit/storage';
import type { BodyReader } from '../log/body-reader.ts';
import type { LogWriter } from '../log/log-writer.ts';

export const ItemKind = { put: 1, remove: 2, append: 3, trim: 4 } as const;

/** Bytes that an item takes at most, besides its key and value. */
const ITEM_BYTES_MAX = 64;

/** An upper bound for the bytes of a put, or without a value of a removal or a trim. */
export function itemBytesMax(key: string, valueBytes = 0): number {
  return ITEM_BYTES_MAX + 3 * key.length + valueBytes;
}

/** An upper bound for the bytes of an append. */
export function appendBytesMax(key: string, { node }: EntryRef, valueBytes: number): number {
  return itemBytesMax(key, valueBytes) + 3 * (node.id.length + node.incarnation.length);
}

export interface PutItem {
  readonly kind: typeof ItemKind.put;
  readonly table: number;
  readonly key: string;
  /** Milliseconds since 1970-01-01 UTC; infinite: none. */
  readonly atMs: number;
  readonly revision: number;
  /** Where the value is in the record's body. */
  readonly valueAt: number;
  readonly length: number;
}

export interface RemoveItem {
  readonly kind: typeof ItemKind.remove;
  readonly table: number;
  readonly key: string;
}

export interface AppendItem {
  readonly kind: typeof ItemKind.append;
  readonly key: string;
  readonly id: EntryRef;
  readonly position: number;
  readonly expiresAtMs: number;
  readonly valueAt: number;
  readonly length: number;
}

export interface TrimItem {
  readonly kind: typeof ItemKind.trim;
  readonly key: string;
  readonly upTo: number;
}

export type StateItem = PutItem | RemoveItem | AppendItem | TrimItem;

/** Writes a put; gives where the value is in the body. */
export function writePut(
  to: LogWriter,
  item: Pick<PutItem, 'table' | 'key' | 'atMs' | 'revision'>,
  value: Uint8Array,
): number {
  to.count += 1;
  to.u8(ItemKind.put);
  to.u8(item.table);
  to.text(item.key);
  to.f64(item.atMs);
  to.f64(item.revision);
  return to.bytes(value);
}

export function writeRemove(to: LogWriter, table: number, key: string): void {
  to.count += 1;
  to.u8(ItemKind.remove);
  to.u8(table);
  to.text(key);
}

/** Writes an append; gives where the value is in the body. */
export function writeAppend(
  to: LogWriter,
  item: Pick<AppendItem, 'key' | 'id' | 'position' | 'expiresAtMs'>,
  value: Uint8Array,
): number {
  to.count += 1;
  to.u8(ItemKind.append);
  to.text(item.key);
  to.text(item.id.node.id);
  to.text(item.id.node.incarnation);
  to.f64(item.id.sequence);
  to.u32(item.id.index);
  to.f64(item.position);
  to.f64(item.expiresAtMs);
  return to.bytes(value);
}

export function writeTrim(to: LogWriter, key: string, upTo: number): void {
  to.count += 1;
  to.u8(ItemKind.trim);
  to.text(key);
  to.f64(upTo);
}

/** Every item of a record. */
export function* readItems(from: BodyReader): Generator<StateItem> {
  while (!from.done) yield readItem(from);
}

function readItem(from: BodyReader): StateItem {
  const kind = from.u8();
  if (kind === ItemKind.put) {
    const head = {
      kind,
      table: from.u8(),
      key: from.text(),
      atMs: from.f64(),
      revision: from.f64(),
    };
    const { at, length } = from.skipBytes();
    return { ...head, valueAt: at, length };
  }
  if (kind === ItemKind.remove) return { kind, table: from.u8(), key: from.text() };
  if (kind === ItemKind.trim) return { kind, key: from.text(), upTo: from.f64() };
  if (kind !== ItemKind.append) throw new Error(`an item of the unknown kind ${kind}`);
  const key = from.text();
  const node = { id: from.text(), incarnation: from.text() };
  const id = { node, sequence: from.f64(), index: from.u32() };
  const head = { kind, key, id, position: from.f64(), expiresAtMs: from.f64() };
  const { at, length } = from.skipBytes();
  return { ...head, valueAt: at, length };
}
