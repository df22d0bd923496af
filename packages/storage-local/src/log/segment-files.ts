/**
 * The segment files of a directory: their names, and opening those of an earlier run. Files that
 * were made ready but not begun are removed; what is missing or damaged is an error.
 */

import type { Disk, DiskFile } from '../disk/disk.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './log-format.ts';
import { Segment } from './segment.ts';
import { damage, type FoundRecord, measureSegment, recordsIn } from './segment-scan.ts';
import { SegmentSet } from './segment-set.ts';

const NAME = /^(.+)-(\d{8})\.log$/;

export function segmentName(prefix: string, number: number): string {
  return `${prefix}-${String(number).padStart(8, '0')}.log`;
}

/** Numbers of the segment files by prefix, in order. */
export async function listLogs(disk: Disk): Promise<Map<string, number[]>> {
  const logs = new Map<string, number[]>();
  for (const name of (await disk.list()).sort()) {
    const [, prefix, number] = NAME.exec(name) ?? [];
    if (prefix === undefined) continue;
    const numbers = logs.get(prefix) ?? [];
    logs.set(prefix, numbers);
    numbers.push(Number(number));
  }
  return logs;
}

interface Begun {
  readonly name: string;
  readonly number: number;
  readonly file: DiskFile;
  readonly size: number;
  readonly header: SegmentHeader;
}

/** A log as an earlier run left it. */
export interface RestoredLog {
  readonly set: SegmentSet;
  /** Numbers of its files. */
  readonly kept: readonly number[];
  /** At least the number after the last one used. */
  readonly sequence: number;
}

/**
 * Opens the log `prefix` and calls `onRecord` with each record, oldest first. Its torn end, if it
 * has one, is cut, and what is kept is made durable. Rejects with `EngineError`, `corrupt`.
 */
export async function restoreLog(
  disk: Disk,
  prefix: string,
  numbers: readonly number[],
  onRecord: (record: FoundRecord, segment: Segment, set: SegmentSet) => void,
): Promise<RestoredLog> {
  const set = new SegmentSet();
  const begun = await openBegun(disk, prefix, numbers);
  let sequence = 1;
  for (const [index, { header, size, ...place }] of begun.entries()) {
    const next = begun[index + 1];
    const bytes = Buffer.allocUnsafeSlow(size);
    const length = await place.file.read(bytes, 0);
    const content = bytes.subarray(0, length);
    const expectedEnd = next?.header.previousEnd ?? null;
    const { end, durableEnd, damaged } = measureSegment(content, header.salt, expectedEnd);
    if (damaged) throw damage(disk.name, place.name, end, 'no good record where one was written');
    if (next !== undefined && next.header.base !== header.base + end) {
      throw damage(disk.name, next.name, 0, 'it does not follow the file before');
    }
    const segment = new Segment({ ...place, ...header, size }, place.file, end);
    set.segments.push(segment);
    sequence = Math.max(sequence, header.sequence);
    for (const record of recordsIn(content, header.salt, end)) {
      onRecord(record, segment, set);
      sequence = Math.max(sequence, record.sequence + record.count);
    }
    if (next === undefined) await settleEnd(segment, content.subarray(durableEnd, end), durableEnd);
  }
  return { set, kept: begun.map(({ number }) => number), sequence };
}

/**
 * Removes all files of a log, oldest first and for good one by one: what one says of those before
 * must not be lost while they come back.
 */
export async function removeLog(
  disk: Disk,
  prefix: string,
  numbers: readonly number[],
): Promise<void> {
  for (const number of numbers) {
    await disk.remove(segmentName(prefix, number));
    await disk.syncDirectory();
  }
}

/**
 * What the last run did not see synced may be in the system's memory only, even when a sync has
 * failed: it is written again, so that nothing seen now can be lost later.
 */
async function settleEnd(segment: Segment, tail: Buffer, at: number): Promise<void> {
  if (tail.length > 0) await segment.file.write(tail, at);
  if (segment.size > segment.end) await segment.file.truncate(segment.end);
  await segment.file.datasync();
}

async function openBegun(disk: Disk, prefix: string, numbers: readonly number[]): Promise<Begun[]> {
  const begun: Begun[] = [];
  for (const number of numbers) {
    const name = segmentName(prefix, number);
    const file = await disk.open(name, false);
    const size = await file.size();
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const length = await file.read(head, 0);
    const header = decodeSegmentHeader(head.subarray(0, length));
    if (header === null) {
      if (!(await isUnused(file, size))) throw damage(disk.name, name, 0, 'no header of a segment');
      await file.close();
      await disk.remove(name);
      continue;
    }
    const before = begun.at(-1);
    if (before !== undefined && before.number + 1 !== number) {
      throw damage(disk.name, segmentName(prefix, before.number + 1), 0, 'it is missing');
    }
    begun.push({ name, number, file, size, header });
  }
  await disk.syncDirectory();
  return begun;
}

/** Whether nothing but zeros is behind the header. */
async function isUnused(file: DiskFile, size: number): Promise<boolean> {
  const bytes = Buffer.alloc(Math.max(0, size - SEGMENT_HEADER_BYTES));
  const zeros = Buffer.alloc(bytes.length);
  await file.read(bytes, SEGMENT_HEADER_BYTES);
  return bytes.equals(zeros);
}
