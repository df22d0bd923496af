/**
 * What outlives a `MemoryEngine`: the data, its bounds, its faults, and which run may write. A new
 * engine on the same disk is the next run. Only the engine's parts look inside.
 */

import type { EntryRef } from '../accept-log.ts';
import { ITEM_BYTES, Quota } from '../adapter/quota.ts';
import { EngineError } from '../engine-error.ts';
import type { NodeRef } from '../node-ref.ts';
import type { Revision, SessionKey } from '../session-registry.ts';
import { MemoryFaults } from './memory-faults.ts';
import { defaultMemoryLimits, type MemoryLimits } from './memory-limits.ts';

/** One batch of entries; released ones are null. */
export interface StoredRecord {
  readonly entries: (Uint8Array | null)[];
  /** How many are not released; a record without any is removed. */
  unreleased: number;
}

/** The accept log of one run: its records by sequence, in order. */
export interface StoredLog {
  readonly from: NodeRef;
  readonly records: Map<number, StoredRecord>;
}

/** A waiting entry of an inbox. */
export interface StoredInboxEntry {
  readonly position: number;
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
  readonly cost: number;
}

/** An inbox, oldest entry first, with the ids it holds. */
export interface StoredInbox {
  entries: StoredInboxEntry[];
  readonly ids: Set<string>;
}

/** A session record. */
export interface StoredSession {
  readonly bytes: Uint8Array;
  readonly revision: Revision;
  readonly durable: boolean;
  readonly expiresAtMs: number;
  readonly cost: number;
}

/** A retained message. */
export interface StoredRetained {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
  readonly cost: number;
}

/** A will; `dueAtMs` null: when the run `incarnation` is over. */
export interface StoredWill {
  readonly bytes: Uint8Array;
  readonly dueAtMs: number | null;
  readonly incarnation: string;
  readonly cost: number;
}

/** The run that may write. */
export interface DiskOwner {
  readonly self: NodeRef;
  /** A newer run has taken the disk. */
  fence(): void;
  onFaultsChanged(): void;
}

/** Memory that a later `MemoryEngine` can be opened on. */
export class MemoryDisk {
  readonly limits: MemoryLimits;
  /** What goes wrong. */
  readonly faults: MemoryFaults = new MemoryFaults(() => this.#owner?.onFaultsChanged());
  /** How full each part is, and how often its bound was hit. */
  readonly quotas: Readonly<
    Record<'accepts' | 'inboxes' | 'sessions' | 'retained' | 'wills', Quota>
  >;
  /** @internal By incarnation, oldest first. */
  readonly logs: Map<string, StoredLog> = new Map();
  /** @internal */
  readonly inboxes: Map<SessionKey, StoredInbox> = new Map();
  /** @internal */
  readonly sessions: Map<SessionKey, StoredSession> = new Map();
  /** @internal */
  readonly retained: Map<string, StoredRetained> = new Map();
  /** @internal */
  readonly wills: Map<SessionKey, StoredWill> = new Map();
  #owner: DiskOwner | null = null;
  #runs = 0;
  #ticket = 0;

  /** @throws RangeError when one entry may be larger than the whole accept log. */
  constructor(limits: Partial<MemoryLimits> = {}) {
    this.limits = { ...defaultMemoryLimits, ...limits };
    this.quotas = {
      accepts: new Quota('accept log', this.limits.acceptBytesMax),
      inboxes: new Quota('inboxes', this.limits.inboxBytesMax),
      sessions: new Quota('sessions', this.limits.sessionBytesMax),
      retained: new Quota('retained messages', this.limits.retainedBytesMax),
      wills: new Quota('wills', this.limits.willBytesMax),
    };
    const { entryBytesMax, acceptBytesMax } = this.limits;
    if (entryBytesMax + ITEM_BYTES > acceptBytesMax) {
      throw new RangeError(
        `entryBytesMax ${entryBytesMax} must be ${ITEM_BYTES} below acceptBytesMax ${acceptBytesMax}`,
      );
    }
  }

  /** @internal A name for a new run, greater than all before. */
  newIncarnation(): string {
    this.#runs += 1;
    return String(this.#runs).padStart(10, '0');
  }

  /** @internal A number never given out before: a revision or a position. */
  newTicket(): number {
    this.#ticket += 1;
    return this.#ticket;
  }

  /** @internal Lets `owner` write and fences the run before it. */
  take(owner: DiskOwner): void {
    const before = this.#owner;
    if (before !== null && before.self.incarnation > owner.self.incarnation) {
      throw new EngineError('fenced', `a newer run, ${before.self.incarnation}, has the data`);
    }
    this.#owner = owner;
    before?.fence();
  }
}

/** Text that is equal for equal references only. */
export function entryId(at: EntryRef): string {
  return JSON.stringify([at.node.id, at.node.incarnation, at.sequence, at.index]);
}
