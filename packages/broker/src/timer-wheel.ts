/**
 * Deadlines by the second, for everything that the broker waits for: keep-alive, CONNECT, session
 * expiry, will delay. Adding and removing cost the same for one entry and for a million.
 */
import type { Clock, Timer } from '@godwit/runtime';

const slotCount = 512;
/** Length of a tick. */
export const tickMs = 1000;

/** Something with a deadline; at most one deadline at a time. */
export abstract class Deadline {
  /** Set by the wheel: tick at which {@link onDeadline} is due; 0 when none is set. */
  dueTick = 0;

  /** Called once the deadline has passed. May set a new one. */
  abstract onDeadline(): void;
}

/** A hashed wheel of 512 slots of one second; longer waits go round it several times. */
export class TimerWheel {
  /** Seconds since the wheel was started, never 0; cheap to read for `last seen` stamps. */
  tick: number;
  readonly #clock: Clock;
  readonly #slots: Set<Deadline>[];
  readonly #startMs: number;
  #timer: Timer | null;
  readonly #onTurn: (lateMs: number) => void;

  /** @param onTurn is called with each turn, once a second, and told how late that is */
  constructor(clock: Clock, onTurn: (lateMs: number) => void = () => {}) {
    this.tick = 1;
    this.#clock = clock;
    this.#slots = Array.from({ length: slotCount }, () => new Set<Deadline>());
    this.#startMs = clock.monotonicMs();
    this.#timer = null;
    this.#onTurn = onTurn;
  }

  start(): void {
    if (this.#timer === null) this.#schedule();
  }

  /** Stops the clock; deadlines stay and are never reached. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Sets the deadline of `entry`, rounded up to the next tick, replacing the one it had. */
  set(entry: Deadline, delayMs: number): void {
    this.clear(entry);
    const elapsed = this.#clock.monotonicMs() - this.#startMs;
    const due = Math.max(this.tick + 1, 1 + Math.ceil((elapsed + delayMs) / tickMs));
    entry.dueTick = due;
    this.#slots[due % slotCount].add(entry);
  }

  /** Sets the deadline of `entry` to `ticks` (1 or more) after the current one. */
  setTicks(entry: Deadline, ticks: number): void {
    this.clear(entry);
    entry.dueTick = this.tick + ticks;
    this.#slots[entry.dueTick % slotCount].add(entry);
  }

  clear(entry: Deadline): void {
    if (entry.dueTick === 0) return;
    this.#slots[entry.dueTick % slotCount].delete(entry);
    entry.dueTick = 0;
  }

  #schedule(): void {
    const nextMs = this.#startMs + this.tick * tickMs;
    const delay = Math.max(0, nextMs - this.#clock.monotonicMs());
    this.#timer = this.#clock.after(Math.ceil(delay), () => this.#turn());
  }

  #turn(): void {
    const elapsedMs = this.#clock.monotonicMs() - this.#startMs;
    const now = 1 + Math.floor(elapsedMs / tickMs);
    this.#onTurn(Math.max(0, elapsedMs - this.tick * tickMs));
    // After a long stall no slot has to be looked at twice.
    const first = Math.max(this.tick + 1, now - slotCount + 1);
    this.tick = now;
    this.#schedule();
    for (let tick = first; tick <= now; tick += 1) this.#expire(this.#slots[tick % slotCount], now);
  }

  #expire(slot: Set<Deadline>, now: number): void {
    for (const entry of slot) {
      if (entry.dueTick > now) continue;
      slot.delete(entry);
      entry.dueTick = 0;
      entry.onDeadline();
    }
  }
}
