/**
 * A storage engine as the broker sees it: the ports, a beginning and an end. Bytes in, bytes out:
 * an engine knows nothing of MQTT. What only a cluster needs is not here.
 */

import type { AcceptLog } from './accept-log.ts';
import type { Inboxes } from './inboxes.ts';
import type { NodeRef } from './node-ref.ts';
import type { RetainedStore } from './retained-store.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { WillStore } from './will-store.ts';

/**
 * What an acknowledged write survives: `memory` nothing, `disk` a crash and a power cut, `quorum`
 * the loss of a machine.
 */
export type Durability = 'memory' | 'disk' | 'quorum';

/**
 * How an engine is: `ready`; `stalled` while writes do not finish (they may yet); `fenced` when a
 * newer run owns the data: stop serving at once; `failed` when the medium gave an error. The last
 * two are final.
 */
export type EngineHealth = 'ready' | 'stalled' | 'fenced' | 'failed';

/**
 * One run over stored data. The ports are there from the beginning, but take part only between
 * `start` and the end of `stop`: outside, they fail with `closed`.
 */
export interface Engine {
  readonly self: NodeRef;
  readonly durability: Durability;
  readonly accepts: AcceptLog;
  readonly inboxes: Inboxes;
  readonly sessions: SessionRegistry;
  readonly retained: RetainedStore;
  readonly wills: WillStore;

  /**
   * Takes the data over from the run before, which is fenced if it still lives. Once; rejects with
   * `EngineError` when that is not possible.
   */
  start(): Promise<void>;

  /**
   * Takes no more offers, waits up to `graceMs` (0 to 2^31-1) until every accepted entry is
   * released and every write is done, then closes. By the time it resolves each `done` has been
   * called and each promise is settled. Never rejects; again gives the same promise. What is left
   * unreleased is for the next run.
   */
  stop(graceMs: number): Promise<void>;

  /** `listener` hears each change of health, beginning with `ready` at the start. */
  onHealth(listener: (health: EngineHealth) => void): void;
}
