/**
 * How busy the broker is: how late its timers are and how much memory it holds, against their
 * bounds. It says so and never acts; who lets clients in or takes messages asks it.
 */
import type { Limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';

/** `busy`: nobody new. `overloaded`: besides, QoS 0 goes nowhere and publishers are slowed. */
export const loadStates = ['normal', 'busy', 'overloaded'] as const;
export type LoadState = (typeof loadStates)[number];

/** What {@link Broker.load} tells. */
export interface Load {
  readonly state: LoadState;
  /** Why it is not normal: for people. */
  readonly reasons: readonly string[];
  /** How late a timer was lately, in milliseconds. */
  readonly loopDelayMs: number;
  /** Memory held by JavaScript at the last look, in bytes; 0 where it has no bound. */
  readonly memoryBytes: number;
}

/** Looks, a second apart, that have to agree before the state changes: up soon, down late. */
const looksUp = 3;
const looksDown = 5;
/** Shares of a bound from which on the broker is busy, and overloaded. */
const busyShare = 0.8;
const overloadedShare = 1;
/** Down again only when it is this much better. */
const reliefShare = 0.1;

export class LoadMonitor {
  /** Messages with QoS 0 are dropped, and publishers slowed. */
  isOverloaded: boolean;
  #level: number;
  readonly #limits: Limits;
  readonly #metrics: Metrics;
  readonly #memoryBytes: () => number;
  readonly #onChange: (load: Load) => void;
  #loopDelayMs: number;
  #memory: number;
  /** Looks in a row that were above the level, and below. */
  #above: number;
  #below: number;

  constructor(
    limits: Limits,
    metrics: Metrics,
    memoryBytes: () => number,
    onChange: (load: Load) => void,
  ) {
    this.isOverloaded = false;
    this.#level = 0;
    this.#limits = limits;
    this.#metrics = metrics;
    this.#memoryBytes = memoryBytes;
    this.#onChange = onChange;
    this.#loopDelayMs = 0;
    this.#memory = 0;
    this.#above = 0;
    this.#below = 0;
  }

  get state(): LoadState {
    return loadStates[this.#level];
  }

  get load(): Load {
    const { loopDelayMaxMs, memoryBytesMax } = this.#limits;
    const floor = busyShare - reliefShare;
    const reasons: string[] = [];
    if (this.#level > 0 && shareOf(this.#loopDelayMs, loopDelayMaxMs) >= floor) {
      reasons.push(`timers are ${Math.round(this.#loopDelayMs)} ms late`);
    }
    if (this.#level > 0 && shareOf(this.#memory, memoryBytesMax) >= floor) {
      reasons.push(`${this.#memory} bytes of memory are held`);
    }
    const { state } = this;
    return { state, reasons, loopDelayMs: this.#loopDelayMs, memoryBytes: this.#memory };
  }

  /** Looks; to be called once a second with how late that is. */
  look(lateMs: number): void {
    const { loopDelayMaxMs, memoryBytesMax } = this.#limits;
    if (loopDelayMaxMs === 0 && memoryBytesMax === 0) return;
    this.#loopDelayMs = lateMs;
    this.#memory = memoryBytesMax === 0 ? 0 : this.#memoryBytes();
    const share = Math.max(shareOf(lateMs, loopDelayMaxMs), shareOf(this.#memory, memoryBytesMax));
    const up = levelOf(share);
    const down = levelOf(share + reliefShare);
    this.#above = up > this.#level ? this.#above + 1 : 0;
    this.#below = down < this.#level ? this.#below + 1 : 0;
    if (this.#above >= looksUp) this.#change(up);
    else if (this.#below >= looksDown) this.#change(this.#level - 1);
  }

  #change(level: number): void {
    this.#level = level;
    this.#above = 0;
    this.#below = 0;
    this.isOverloaded = this.state === 'overloaded';
    this.#metrics.loadLevel = level;
    this.#onChange(this.load);
  }
}

/** 0 where there is no bound. */
function shareOf(value: number, max: number): number {
  return max === 0 ? 0 : value / max;
}

function levelOf(share: number): number {
  if (share >= overloadedShare) return 2;
  return share >= busyShare ? 1 : 0;
}
