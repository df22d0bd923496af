/** The session records of a `MemoryEngine`. Writing goes through its journal, expiry by a timer. */

import type { Clock } from '@godwit/runtime';
import { Deadlines } from '../adapter/deadlines.ts';
import { itemCost, type Quota } from '../adapter/quota.ts';
import type {
  ClaimOptions,
  ClaimResult,
  Revision,
  SessionKey,
  SessionRecord,
  SessionRegistry,
} from '../session-registry.ts';
import type { MemoryDisk, StoredSession } from './memory-disk.ts';
import type { MemoryJournal } from './memory-journal.ts';

export class MemorySessionRegistry implements SessionRegistry {
  readonly #clock: Clock;
  readonly #disk: MemoryDisk;
  readonly #journal: MemoryJournal;
  readonly #quota: Quota;
  readonly #deadlines: Deadlines;
  readonly #expiryListeners: ((key: SessionKey) => void)[] = [];

  constructor(clock: Clock, disk: MemoryDisk, journal: MemoryJournal) {
    this.#clock = clock;
    this.#disk = disk;
    this.#journal = journal;
    this.#quota = disk.quotas.sessions;
    this.#deadlines = new Deadlines(clock, key => this.#expire(key));
  }

  open(): void {
    for (const [key, session] of this.#disk.sessions) {
      if (session.durable) this.#watch(key, session);
      else this.#remove(key, session);
    }
  }

  close(): void {
    this.#deadlines.clear();
  }

  read(key: SessionKey): Promise<SessionRecord | null> {
    return this.#journal.run(() => {
      const session = this.#live(key);
      return session && { bytes: session.bytes, revision: session.revision };
    });
  }

  async claim(
    key: SessionKey,
    bytes: Uint8Array,
    expected: Revision,
    options: ClaimOptions,
  ): Promise<ClaimResult> {
    const cost = itemCost(bytes, key);
    if (!this.#quota.take(cost)) throw this.#quota.refuse();
    const copy = new Uint8Array(bytes);
    const { durable, expiresInMs = Number.POSITIVE_INFINITY } = options;
    const expiresAtMs = this.#clock.wallMs() + expiresInMs;
    const write = (): ClaimResult => {
      if ((this.#live(key)?.revision ?? 0) !== expected) {
        this.#quota.give(cost);
        return { won: false };
      }
      const before = this.#disk.sessions.get(key);
      if (before !== undefined) this.#remove(key, before);
      const revision = this.#disk.newTicket();
      const session = { bytes: copy, revision, durable, expiresAtMs, cost };
      this.#disk.sessions.set(key, session);
      this.#watch(key, session);
      return { won: true, revision };
    };
    return this.#journal.run(write, { quota: this.#quota, bytes: cost });
  }

  end(key: SessionKey, expected: Revision): Promise<boolean> {
    return this.#journal.run(() => {
      const session = this.#live(key);
      if (session === null || session.revision !== expected) return false;
      this.#remove(key, session);
      return true;
    });
  }

  async *load(): AsyncIterable<{ readonly key: SessionKey } & SessionRecord> {
    const sessions = await this.#journal.run(() => [...this.#disk.sessions]);
    const now = this.#clock.wallMs();
    for (const [key, { bytes, revision, expiresAtMs }] of sessions) {
      if (expiresAtMs > now) yield { key, bytes, revision };
    }
  }

  onExpired(listener: (key: SessionKey) => void): void {
    this.#expiryListeners.push(listener);
  }

  #live(key: SessionKey): StoredSession | null {
    const session = this.#disk.sessions.get(key);
    return session !== undefined && session.expiresAtMs > this.#clock.wallMs() ? session : null;
  }

  #watch(key: SessionKey, { expiresAtMs }: StoredSession): void {
    this.#deadlines.set(key, expiresAtMs === Number.POSITIVE_INFINITY ? null : expiresAtMs);
  }

  #remove(key: SessionKey, session: StoredSession): void {
    this.#disk.sessions.delete(key);
    this.#quota.give(session.cost);
    this.#deadlines.set(key, null);
  }

  #expire(key: SessionKey): void {
    let expired = false;
    this.#journal.submit({
      adds: false,
      write: () => {
        const session = this.#disk.sessions.get(key);
        // Claimed or ended while this waited for its batch.
        if (session === undefined || session.expiresAtMs > this.#clock.wallMs()) return;
        this.#remove(key, session);
        expired = true;
      },
      settle: () => {
        if (expired) for (const listener of this.#expiryListeners) listener(key);
      },
      drop: () => {},
    });
  }
}
