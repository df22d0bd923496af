/** The inboxes of a `MemoryEngine`. What expired goes when it is read, or when room is short. */

import type { Clock } from '@godwit/runtime';
import type { EntryRef } from '../accept-log.ts';
import { itemCost, type Quota } from '../adapter/quota.ts';
import type { InboxEntry, Inboxes, InboxPage } from '../inboxes.ts';
import type { SessionKey } from '../session-registry.ts';
import {
  entryId,
  type MemoryDisk,
  type StoredInbox,
  type StoredInboxEntry,
} from './memory-disk.ts';
import type { MemoryJournal } from './memory-journal.ts';

/** At the bound, all inboxes are looked through for expired entries at most this often. */
const SWEEP_EVERY_MS = 1000;

export class MemoryInboxes implements Inboxes {
  readonly #clock: Clock;
  readonly #disk: MemoryDisk;
  readonly #journal: MemoryJournal;
  readonly #quota: Quota;
  #sweepAtMs = 0;

  constructor(clock: Clock, disk: MemoryDisk, journal: MemoryJournal) {
    this.#clock = clock;
    this.#disk = disk;
    this.#journal = journal;
    this.#quota = disk.quotas.inboxes;
  }

  async append(
    key: SessionKey,
    id: EntryRef,
    bytes: Uint8Array,
    expiresAtMs: number = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const cost = itemCost(bytes, key);
    if (!this.#quota.take(cost)) {
      this.#sweep();
      if (!this.#quota.take(cost)) throw this.#quota.refuse();
    }
    const entry = { id: entryId(id), bytes: new Uint8Array(bytes), expiresAtMs, cost };
    await this.#journal.run(() => this.#add(key, entry), { quota: this.#quota, bytes: cost });
  }

  async read(key: SessionKey, after: number, limit: number): Promise<InboxPage> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`limit is ${limit}, must be a positive integer`);
    }
    return this.#journal.run(() => this.#page(key, after, limit));
  }

  trim(key: SessionKey, upTo: number): Promise<void> {
    return this.#journal.run(() => {
      const inbox = this.#disk.inboxes.get(key);
      if (inbox === undefined) return;
      this.#forget(inbox, inbox.entries.splice(0, firstAfter(inbox.entries, upTo)));
      if (inbox.entries.length === 0) this.#disk.inboxes.delete(key);
    });
  }

  drop(key: SessionKey): Promise<void> {
    return this.#journal.run(() => {
      const inbox = this.#disk.inboxes.get(key);
      if (inbox === undefined) return;
      this.#forget(inbox, inbox.entries);
      this.#disk.inboxes.delete(key);
    });
  }

  #add(key: SessionKey, entry: Omit<StoredInboxEntry, 'position'>): void {
    let inbox = this.#disk.inboxes.get(key);
    if (inbox === undefined) {
      inbox = { entries: [], ids: new Set() };
      this.#disk.inboxes.set(key, inbox);
    }
    if (inbox.ids.has(entry.id)) {
      this.#quota.give(entry.cost);
      return;
    }
    inbox.ids.add(entry.id);
    inbox.entries.push({ position: this.#disk.newTicket(), ...entry });
  }

  #page(key: SessionKey, after: number, limit: number): InboxPage {
    const now = this.#clock.wallMs();
    const all = this.#disk.inboxes.get(key)?.entries ?? [];
    const entries: InboxEntry[] = [];
    let next = firstAfter(all, after);
    let expired = 0;
    for (; next < all.length; next += 1) {
      const { position, bytes, expiresAtMs } = all[next];
      if (expiresAtMs <= now) expired += 1;
      else if (entries.length < limit) entries.push({ position, bytes });
      else break;
    }
    const end = next === all.length;
    if (expired > 0) this.#dropExpired(key, now);
    return { entries, end };
  }

  #dropExpired(key: SessionKey, now: number): void {
    const inbox = this.#disk.inboxes.get(key);
    if (inbox === undefined) return;
    this.#forget(
      inbox,
      inbox.entries.filter(entry => entry.expiresAtMs <= now),
    );
    inbox.entries = inbox.entries.filter(entry => entry.expiresAtMs > now);
    if (inbox.entries.length === 0) this.#disk.inboxes.delete(key);
  }

  #forget(inbox: StoredInbox, entries: readonly StoredInboxEntry[]): void {
    for (const { id, cost } of entries) {
      inbox.ids.delete(id);
      this.#quota.give(cost);
    }
  }

  #sweep(): void {
    if (this.#clock.monotonicMs() < this.#sweepAtMs) return;
    this.#sweepAtMs = this.#clock.monotonicMs() + SWEEP_EVERY_MS;
    const now = this.#clock.wallMs();
    for (const key of this.#disk.inboxes.keys()) this.#dropExpired(key, now);
  }
}

function firstAfter(entries: readonly StoredInboxEntry[], position: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (entries[middle].position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
