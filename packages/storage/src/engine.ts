/**
 * A storage engine as the broker sees it: a log, four tables, a beginning and an end. Bytes in,
 * bytes out: an engine knows nothing of MQTT, and nothing in it expires by itself.
 */

import type { AcceptLog } from './accept-log.ts';
import type { EngineError } from './engine-error.ts';
import type { Table } from './table.ts';

/** What a durable write survives: `disk` a crash and a power cut, `quorum` the loss of a machine. */
export type Durability = 'disk' | 'quorum';

/**
 * How an engine is: `ready`; `full` while it takes nothing more but what makes room; `stalled`
 * while writes do not finish (they may yet); `failed` when the medium gave an error or what it
 * gave was not what was written. The last one is final: stop serving.
 */
export type EngineHealth = 'ready' | 'full' | 'stalled' | 'failed';

/** Hears each change of health, beginning with `ready` at the start; `error` says why it failed. */
export type HealthListener = (health: EngineHealth, error: EngineError | null) => void;

/**
 * One run over stored data. The ports are there from the beginning, but work only between `start`
 * and `stop`: outside, promises reject with `closed`.
 */
export interface Engine {
  readonly durability: Durability;
  readonly accepts: AcceptLog;
  /** Session records. */
  readonly sessions: Table;
  readonly subscriptions: Table;
  readonly retained: Table;
  readonly wills: Table;

  /** Opens the data. Once; rejects with `EngineError` when that is not possible. */
  start(): Promise<void>;

  /**
   * Writes and syncs everything that was offered, put and touched, waiting up to `graceMs` (0 to
   * 2^31-1), and closes. By the time it resolves each promise is settled. Never rejects; again
   * gives the same promise.
   */
  stop(graceMs: number): Promise<void>;

  onHealth(listener: HealthListener): void;
}
