/**
 * Bytes on their way out: packets appended in one tick leave in one write, and while a write is
 * being taken over the next one gathers.
 */
import type { Clock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';

const initialBytes = 4_096;
/** A buffer that grew beyond this is not kept for the next write. */
const keptBytesMax = 256 * 1024;

/** Calls once what the session did so far is stored; at once if it is. */
export type WhenStored = (call: () => void) => void;

interface Waiter {
  position: number;
  /** `taken`: the transport has the bytes; otherwise they may be lost. */
  call(taken: boolean): void;
}

/** The writing side of one stream. */
export class Outbox {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #whenStored: WhenStored | null;
  #filling: Uint8Array;
  #filled: number;
  #spare: Uint8Array | null;
  #isWriting: boolean;
  #isScheduled: boolean;
  #isClosed: boolean;
  /** Bytes appended since the beginning; the position that a waiter waits for. */
  #appended: number;
  #taken: number;
  #waiters: Waiter[];

  /** @param whenStored what nothing leaves before, if the session is stored */
  constructor(stream: ByteStream, clock: Clock, whenStored: WhenStored | null = null) {
    this.#stream = stream;
    this.#clock = clock;
    this.#whenStored = whenStored;
    this.#filling = new Uint8Array(initialBytes);
    this.#filled = 0;
    this.#spare = null;
    this.#isWriting = false;
    this.#isScheduled = false;
    this.#isClosed = false;
    this.#appended = 0;
    this.#taken = 0;
    this.#waiters = [];
  }

  /** Appends a packet; `onTaken` is called once, when the transport has it or never will. */
  append(bytes: Uint8Array, onTaken?: (taken: boolean) => void): void {
    if (this.#isClosed) {
      onTaken?.(false);
      return;
    }
    this.#reserve(bytes.length);
    this.#filling.set(bytes, this.#filled);
    this.#filled += bytes.length;
    this.#appended += bytes.length;
    if (onTaken !== undefined) this.#waiters.push({ position: this.#appended, call: onTaken });
    if (this.#isWriting || this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.defer(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  /** Writes what there is and ends the stream after it. */
  end(): void {
    if (this.#isClosed) return;
    this.#write(true);
    if (this.#whenStored === null) this.#stream.end();
    else this.#whenStored(() => this.#stream.end());
  }

  /** The stream is gone, or no longer written to. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#filling = new Uint8Array(0);
    this.#filled = 0;
    this.#spare = null;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.call(false);
  }

  #write(last: boolean = false): void {
    if (this.#filled === 0 || this.#isClosed || (this.#isWriting && !last)) return;
    const block = this.#filling;
    const length = this.#filled;
    this.#filling = this.#spare ?? new Uint8Array(last ? 0 : initialBytes);
    this.#spare = null;
    this.#filled = 0;
    this.#isWriting = true;
    const bytes = block.subarray(0, length);
    const onTaken = (): void => this.#onTaken(block, length);
    if (this.#whenStored === null) this.#stream.write(bytes, onTaken);
    else {
      this.#whenStored(() => {
        // closed after the last bytes, or because the stream is gone
        if (last || !this.#isClosed) this.#stream.write(bytes, onTaken);
      });
    }
  }

  #onTaken(block: Uint8Array, length: number): void {
    this.#isWriting = false;
    if (this.#isClosed) return;
    this.#taken += length;
    if (block.length <= keptBytesMax) this.#spare = block;
    let settled = 0;
    const waiters = this.#waiters;
    while (settled < waiters.length && waiters[settled].position <= this.#taken) settled += 1;
    for (const waiter of waiters.splice(0, settled)) waiter.call(true);
    this.#write();
  }

  #reserve(length: number): void {
    const needed = this.#filled + length;
    if (needed <= this.#filling.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#filling.length * 2));
    grown.set(this.#filling.subarray(0, this.#filled));
    this.#filling = grown;
  }
}
