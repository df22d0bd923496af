/**
 * The segment files of a directory: their names, and opening those of an earlier run. Files that
 * were made ready but not begun are removed; what is missing or damaged is an error.
 */

import type { Disk, DiskFile } from '../disk/disk.ts';
import { decodeSegmentHeader, RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './log-format.ts';
import { Segment, type SegmentPlace } from './segment.ts';
import {
  damage,
  type Extent,
  type FoundRecord,
  measureSegment,
  recordsIn,
} from './segment-scan.ts';
import type { SegmentSet } from './segment-set.ts';

/** How the files of each log begin. */
export const LogName = { accept: 'accept', state: 'state' } as const;

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

/** A segment that an earlier run began, open. */
export interface BegunSegment extends SegmentPlace {
  /** Where the segment before it ended. */
  readonly previousEnd: number;
}

/**
 * Opens the segments of log `prefix`, oldest first, and removes those that were only made ready.
 * Rejects with `EngineError`, `corrupt`, or the system's error; then no file is left open.
 */
export async function openSegments(
  disk: Disk,
  prefix: string,
  numbers: readonly number[],
): Promise<BegunSegment[]> {
  const begun: BegunSegment[] = [];
  try {
    for (const number of numbers) {
      const segment = await openSegment(disk, segmentName(prefix, number), number);
      if (segment === null) continue;
      begun.push(segment);
      const expected = (begun.at(-2)?.number ?? number - 1) + 1;
      if (expected !== number) {
        throw damage(disk.name, segmentName(prefix, expected), 0, 'it is missing');
      }
    }
    await disk.syncDirectory();
    return begun;
  } catch (error) {
    await closeSegments(begun);
    throw error;
  }
}

/** Closes what `openSegments` has opened. */
export async function closeSegments(begun: readonly BegunSegment[]): Promise<void> {
  await Promise.allSettled(begun.map(({ file }) => file.close()));
}

/**
 * Reads the segments of a log into `set` and calls `onRecord` with each record, oldest first, and
 * the address of its body, which is valid during the call. A torn end is cut, and what is kept is
 * made durable. Gives a number above all that were used. Rejects with `EngineError`, `corrupt`, or
 * what `onRecord` throws; then no file is left open.
 */
export async function readSegments(
  disk: Disk,
  begun: readonly BegunSegment[],
  set: SegmentSet,
  onRecord: (record: FoundRecord, bodyAddress: number) => void,
): Promise<number> {
  let sequence = 1;
  let space = Buffer.alloc(0);
  try {
    for (const [index, place] of begun.entries()) {
      const next = begun[index + 1];
      if (place.size > space.length) space = Buffer.allocUnsafeSlow(place.size);
      const length = await place.file.read(space.subarray(0, place.size), 0);
      const content = space.subarray(0, length);
      const { end, durableEnd } = measure(disk, content, place, next);
      const segment = new Segment(place, end);
      set.segments.push(segment);
      sequence = Math.max(sequence, place.sequence);
      for (const record of recordsIn(content, place.salt, SEGMENT_HEADER_BYTES, end)) {
        segment.addRecord(record.bodyAt - RECORD_HEADER_BYTES);
        onRecord(record, segment.base + record.bodyAt);
        sequence = Math.max(sequence, record.sequence + record.count);
      }
      if (next === undefined) {
        await settleEnd(segment, content.subarray(durableEnd, end), durableEnd);
      }
    }
    return sequence;
  } catch (error) {
    set.segments.length = 0;
    await closeSegments(begun);
    throw error;
  }
}

function measure(
  disk: Disk,
  content: Buffer,
  { name, salt, base }: BegunSegment,
  next: BegunSegment | undefined,
): Extent {
  const extent = measureSegment(content, salt, next?.previousEnd ?? null);
  if (extent.damaged) {
    throw damage(disk.name, name, extent.end, 'no good record where one was written');
  }
  if (next !== undefined && next.base !== base + extent.end) {
    throw damage(disk.name, next.name, 0, 'it does not follow the file before');
  }
  return extent;
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

/** Null when the segment was only made ready: then it is removed. */
async function openSegment(disk: Disk, name: string, number: number): Promise<BegunSegment | null> {
  const file = await disk.open(name, false);
  try {
    const size = await file.size();
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const length = await file.read(head, 0);
    const header = decodeSegmentHeader(head.subarray(0, length));
    if (header !== null) return { name, number, file, size, ...header };
    if (!(await isUnused(file, size))) throw damage(disk.name, name, 0, 'no header of a segment');
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  await disk.remove(name);
  return null;
}

/** Whether nothing but zeros is behind the header. */
async function isUnused(file: DiskFile, size: number): Promise<boolean> {
  const bytes = Buffer.alloc(Math.max(0, size - SEGMENT_HEADER_BYTES));
  const zeros = Buffer.alloc(bytes.length);
  await file.read(bytes, SEGMENT_HEADER_BYTES);
  return bytes.equals(zeros);
}
