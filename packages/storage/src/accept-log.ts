/**
 * The port behind every acknowledgement: a log, written by this run only, of the messages the
 * broker has answered for and not yet handed to all their targets.
 */

import type { EngineError } from './engine-error.ts';
import type { NodeRef } from './node-ref.ts';

/** Place of an entry: whose log, which record, which entry of it. Unique for ever. */
export interface EntryRef {
  readonly node: NodeRef;
  /** Number of the record, from 1; grows along one log, with gaps. */
  readonly sequence: number;
  /** Number of the entry in its record, from 0. */
  readonly index: number;
}

/** Outcome of one offer: its place when it has become durable, else what went wrong. */
export type OfferDone = (
  ...outcome: [error: null, at: EntryRef] | [error: EngineError, at: null]
) => void;

/** An accepted entry that an earlier run did not release. */
export interface OrphanEntry {
  readonly at: EntryRef;
  /** To be read only. */
  readonly bytes: Uint8Array;
}

/** The log of a run that is over. It is fenced: nothing is added to it any more. */
export interface OrphanLog {
  readonly from: NodeRef;
  /**
   * Every unreleased entry in log order, and perhaps some that were released shortly before the
   * end. May be called again, until `finish`. Throws `EngineError`.
   */
  entries(): AsyncIterable<OrphanEntry>;
  /** Removes the log, durably. Call it when all its entries are handled. Idempotent. */
  finish(): Promise<void>;
}

/** Accepts entries, keeps them until they are released, and hands over what a dead run left. */
export interface AcceptLog {
  /** Largest entry, in bytes, that `offer` takes: at least 8 MiB. Packets above it are refused. */
  readonly entryBytesMax: number;

  /**
   * Takes `entry`, copying it before it returns, and calls `done` once it is durable.
   *
   * False when the log is full: the entry is not taken and `done` will not be called. Stop reading
   * from the publishers until `onDrain`, or refuse the message.
   *
   * `done` is called exactly once for each entry taken, in the order of the offers, never before
   * `offer` has returned. Many entries share one write. An engine that is fenced, failed or
   * stopped takes every entry and gives the error to `done`. An entry whose `done` got an error
   * may or may not be found among the orphans of the next run.
   *
   * @throws RangeError when the entry is longer than `entryBytesMax`.
   */
  offer(entry: Uint8Array, done: OfferDone): boolean;

  /**
   * `listener` is called after one or more refused offers, when there is room for at least the
   * smallest of them; offers made from within it count as new.
   */
  onDrain(listener: () => void): void;

  /**
   * Ends the log's duty for an entry of this run: all its targets have it. In any order; again
   * does nothing. Takes effect soon but is not synced by itself: a crash right after it can bring
   * the entry back as an orphan, a clean stop does not.
   *
   * @throws RangeError when `at` is of another log.
   */
  release(at: EntryRef): void;

  /**
   * The logs left by runs that are over and handed to this one, oldest first: on one machine its
   * own earlier runs. Ends after those there are now; a log not finished comes again with the next
   * call, and in the next run. Recovery after a crash and taking over for a dead node are this one
   * path. Throws `EngineError`.
   */
  orphans(): AsyncIterable<OrphanLog>;
}
