/**
 * The inboxes of a `LocalEngine`: their messages in the state log, in memory only where each is.
 * What expired goes when it is read, or when room is short.
 */

import type { Clock } from '@godwit/runtime';
import type {
  EntryRef,
  InboxEntry,
  Inboxes,
  InboxPage,
  NodeRef,
  SessionKey,
} from '@godwit/storage';
import { itemCost, type Quota } from '@godwit/storage/adapter';
import type { PinnedBytes } from '../log/log-reader.ts';
import { InboxQueue, type InboxRow } from './inbox-queue.ts';
import {
  type AppendItem,
  appendBytesMax,
  itemBytesMax,
  type TrimItem,
  writeAppend,
  writeTrim,
} from './state-items.ts';
import type { StateLog } from './state-log.ts';

/** At the bound, all inboxes are looked through for expired entries at most this often. */
const SWEEP_EVERY_MS = 1000;

/** A page ends when it has this many bytes. */
const PAGE_BYTES_MAX = 1024 * 1024;

interface PinnedEntry {
  readonly position: number;
  readonly pinned: PinnedBytes;
}

export class LocalInboxes implements Inboxes {
  readonly #clock: Clock;
  readonly #state: StateLog;
  readonly #quota: Quota;
  readonly #queues = new Map<SessionKey, InboxQueue>();
  /** Numbers of the runs that ids name. */
  readonly #sourceNumbers = new Map<string, number>();
  #lastNode: NodeRef | null = null;
  #lastSource = 0;
  #sweepAtMs = 0;

  constructor(clock: Clock, state: StateLog, quota: Quota) {
    this.#clock = clock;
    this.#state = state;
    this.#quota = quota;
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
    const copy = new Uint8Array(bytes);
    const reserved = { quota: this.#quota, bytes: cost };
    await this.#state.run(appendBytesMax(key, id, copy.length), reserved, () =>
      this.#add(key, id, copy, expiresAtMs),
    );
  }

  async read(key: SessionKey, after: number, limit: number): Promise<InboxPage> {
    if (!Number.isInteger(limit) || limit < 1) {
      throw new RangeError(`limit is ${limit}, must be a positive integer`);
    }
    const { found, end } = await this.#state.run(0, null, () => this.#page(key, after, limit));
    const entries: InboxEntry[] = [];
    try {
      for (const { position, pinned } of found) {
        const bytes = this.#state.reader.follow(pinned);
        entries.push({ position, bytes: bytes instanceof Uint8Array ? bytes : await bytes });
      }
    } finally {
      for (const { pinned } of found) this.#state.reader.release(pinned);
    }
    return { entries, end };
  }

  trim(key: SessionKey, upTo: number): Promise<void> {
    return this.#state.run(itemBytesMax(key), null, () => this.#trim(key, upTo));
  }

  drop(key: SessionKey): Promise<void> {
    return this.#state.run(itemBytesMax(key), null, () =>
      this.#trim(key, this.#state.takeNumber()),
    );
  }

  /** Whether the entry at a position is still the one at `address`. */
  counts({ key, position }: AppendItem, address: number): boolean {
    return this.#queues.get(key)?.addressOf(position) === address;
  }

  /** Encodes the entry at `address` anew if it is still there. */
  move(item: AppendItem, address: number, value: Uint8Array): void {
    if (!this.counts(item, address)) return;
    const moved = this.#state.address(writeAppend(this.#state.writer, item, value));
    this.#state.count(address, -1);
    this.#state.count(moved, 1);
    this.#queues.get(item.key)!.moveTo(item.position, moved);
  }

  restoreAppend(item: AppendItem, address: number): void {
    const { position, expiresAtMs, length } = item;
    const { sequence, index, node } = item.id;
    const source = this.#source(node);
    this.#queue(item.key).restore({
      position,
      source,
      sequence,
      index,
      expiresAtMs,
      address,
      length,
    });
  }

  restoreTrim({ key, upTo }: TrimItem): void {
    this.#queues.get(key)?.restoreTrim(upTo);
  }

  /** Counts what was restored. */
  finishRestore(): void {
    for (const [key, queue] of this.#queues) {
      queue.finishRestore();
      for (let n = 0; n < queue.size; n += 1) {
        this.#state.count(queue.address(n), 1);
        this.#quota.charge(itemCost({ length: queue.length(n) }, key));
      }
      if (queue.size === 0) this.#queues.delete(key);
    }
  }

  #add(key: SessionKey, id: EntryRef, bytes: Uint8Array, expiresAtMs: number): void {
    const queue = this.#queue(key);
    const source = this.#source(id.node);
    const { sequence, index } = id;
    if (queue.has(source, sequence, index)) {
      this.#quota.give(itemCost(bytes, key));
      return;
    }
    const position = this.#state.takeNumber();
    const item = { key, id, position, expiresAtMs };
    const address = this.#state.address(writeAppend(this.#state.writer, item, bytes));
    const { length } = bytes;
    queue.push({ position, source, sequence, index, expiresAtMs, address, length });
    this.#state.count(address, 1);
  }

  #page(
    key: SessionKey,
    after: number,
    limit: number,
  ): { readonly found: PinnedEntry[]; readonly end: boolean } {
    const queue = this.#queues.get(key);
    if (queue === undefined) return { found: [], end: true };
    const found: PinnedEntry[] = [];
    const now = this.#clock.wallMs();
    let bytes = 0;
    let expired = false;
    let next = queue.firstAfter(after);
    for (; next < queue.size; next += 1) {
      if (queue.expiresAtMs(next) <= now) {
        expired = true;
        continue;
      }
      if (found.length === limit || bytes >= PAGE_BYTES_MAX) break;
      const length = queue.length(next);
      const pinned = this.#state.reader.pin(queue.address(next), length);
      found.push({ position: queue.position(next), pinned });
      bytes += length;
    }
    const end = next === queue.size;
    if (expired) this.#removeExpired(key, queue, now);
    return { found, end };
  }

  #trim(key: SessionKey, upTo: number): void {
    const queue = this.#queues.get(key);
    const count = queue?.firstAfter(upTo) ?? 0;
    if (queue === undefined || count === 0) return;
    writeTrim(this.#state.writer, key, upTo);
    queue.removeFirst(count, row => this.#uncount(key, row));
    if (queue.size === 0) this.#queues.delete(key);
  }

  #removeExpired(key: SessionKey, queue: InboxQueue, now: number): void {
    queue.removeExpired(now, row => this.#uncount(key, row));
    if (queue.size === 0) this.#queues.delete(key);
  }

  #uncount(key: SessionKey, { address, length }: InboxRow): void {
    this.#quota.give(itemCost({ length }, key));
    this.#state.count(address, -1);
  }

  #sweep(): void {
    if (this.#clock.monotonicMs() < this.#sweepAtMs) return;
    this.#sweepAtMs = this.#clock.monotonicMs() + SWEEP_EVERY_MS;
    const now = this.#clock.wallMs();
    for (const [key, queue] of this.#queues) this.#removeExpired(key, queue, now);
  }

  #queue(key: SessionKey): InboxQueue {
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = new InboxQueue();
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #source(node: NodeRef): number {
    if (node.incarnation === this.#lastNode?.incarnation && node.id === this.#lastNode.id) {
      return this.#lastSource;
    }
    const name = JSON.stringify([node.id, node.incarnation]);
    let number = this.#sourceNumbers.get(name);
    if (number === undefined) {
      number = this.#sourceNumbers.size;
      this.#sourceNumbers.set(name, number);
    }
    this.#lastNode = node;
    this.#lastSource = number;
    return number;
  }
}
