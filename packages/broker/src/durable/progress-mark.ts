/**
 * How far one durable session has come with its deliveries, and which QoS 2 messages of its own the
 * broker has: the value of its mark in the accept log. Little-endian.
 *
 *     mark     doneUpTo u48, sentUpTo u48, droppedUpTo u48, inboundAt u48,
 *              count u16, done {from u32, to u32}, count u16, received u32, count u16, inbound u16
 *
 * All deliveries up to `doneUpTo` are over, and from there to `sentUpTo` those in `done`; likewise
 * those after `sentUpTo` up to `droppedUpTo`, which were never sent. These numbers count from
 * `doneUpTo`. Of `received` the client has sent PUBREC: PUBREL is owed. `inbound` are the packet
 * identifiers of the session's own messages up to position `inboundAt` that wait for PUBREL.
 */
import {
  readUint16,
  readUint32,
  readUint48,
  writeUint16,
  writeUint32,
  writeUint48,
} from './numbers.ts';

/** How far a session has come with what it is to get. */
export interface OutboundProgress {
  readonly doneUpTo: number;
  readonly sentUpTo: number;
  readonly droppedUpTo: number;
  /** First and last number of each run of deliveries that are over. */
  readonly done: readonly (readonly [number, number])[];
  readonly received: readonly number[];
}

export interface ProgressMark extends OutboundProgress {
  readonly inboundAt: number;
  readonly inbound: readonly number[];
}

/** Of a session that has no mark yet. */
export const noProgress: ProgressMark = {
  doneUpTo: 0,
  sentUpTo: 0,
  droppedUpTo: 0,
  inboundAt: 0,
  done: [],
  received: [],
  inbound: [],
};

/** @returns the mark's length */
export function writeProgress(into: Uint8Array, mark: ProgressMark): number {
  const { doneUpTo, done, received, inbound } = mark;
  let at = writeUint48(into, 0, doneUpTo);
  at = writeUint48(into, at, mark.sentUpTo);
  at = writeUint48(into, at, mark.droppedUpTo);
  at = writeUint48(into, at, mark.inboundAt);
  at = writeUint16(into, at, done.length);
  for (const [from, to] of done) {
    at = writeUint32(into, at, from - doneUpTo);
    at = writeUint32(into, at, to - doneUpTo);
  }
  at = writeUint16(into, at, received.length);
  for (const number of received) at = writeUint32(into, at, number - doneUpTo);
  at = writeUint16(into, at, inbound.length);
  for (const packetId of inbound) at = writeUint16(into, at, packetId);
  return at;
}

export function readProgress(bytes: Uint8Array): ProgressMark {
  const doneUpTo = readUint48(bytes, 0);
  const list = <T>(start: number, width: number, read: (at: number) => T): [T[], number] => {
    const count = readUint16(bytes, start);
    const items = Array.from({ length: count }, (_, i) => read(start + 2 + i * width));
    return [items, start + 2 + count * width];
  };
  const [done, doneEnd] = list(24, 8, at => {
    const from = doneUpTo + readUint32(bytes, at);
    return [from, doneUpTo + readUint32(bytes, at + 4)] as const;
  });
  const [received, receivedEnd] = list(doneEnd, 4, at => doneUpTo + readUint32(bytes, at));
  const [inbound] = list(receivedEnd, 2, at => readUint16(bytes, at));
  return {
    doneUpTo,
    sentUpTo: readUint48(bytes, 6),
    droppedUpTo: readUint48(bytes, 12),
    inboundAt: readUint48(bytes, 18),
    done,
    received,
    inbound,
  };
}

/** Whether the delivery is over. */
export function isOver(mark: OutboundProgress, number: number): boolean {
  if (number <= mark.doneUpTo) return true;
  if (number > mark.sentUpTo) return number <= mark.droppedUpTo;
  return mark.done.some(([from, to]) => number >= from && number <= to);
}
