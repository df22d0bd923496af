/** A simulated disk, a clock, and engines on them one after the other, for tests of faults. */

import { SeededRandom } from '@godwit/testkit';
import { DataDirectory } from '../data-directory.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { LocalEngine } from '../local-engine.ts';
import type { LocalLimits } from '../local-limits.ts';
import { HandClock } from './hand-clock.ts';
import { WatchedDisk } from './watched-disk.ts';

const KIB = 1024;

/** A started engine, with what it has found. */
export interface StartedEngine {
  readonly engine: LocalEngine;
  readonly found: ReadonlyMap<number, Uint8Array>;
  readonly marks: ReadonlyMap<number, Uint8Array>;
  /** Offers an entry with one holder; resolves with its position when it is durable. */
  accept(bytes: Uint8Array): Promise<number>;
}

export class World {
  readonly clock: HandClock = new HandClock();
  readonly disk: SimulatedDisk;
  readonly #limits: Partial<LocalLimits>;
  #watched: WatchedDisk;
  #engine: LocalEngine | null = null;

  constructor(limits: Partial<LocalLimits> = {}) {
    this.disk = new SimulatedDisk({ random: new SeededRandom(7), clock: this.clock });
    this.#watched = new WatchedDisk(this.disk);
    this.#limits = {
      acceptBytesMax: 512 * KIB,
      entryBytesMax: 256 * KIB,
      segmentBytes: 16 * KIB,
      ...limits,
    };
  }

  /** Files that are open. */
  get open(): number {
    return this.#watched.openFiles;
  }

  /** Starts the next engine and loads its log; rejects with its `EngineError`. */
  async start(): Promise<StartedEngine> {
    this.#watched = new WatchedDisk(this.disk);
    const data = await DataDirectory.open(this.#watched);
    const engine = new LocalEngine({ clock: this.clock, data, limits: this.#limits });
    this.#engine = engine;
    const waiting: { at: number; resolve: (at: number) => void }[] = [];
    engine.accepts.onAccepted(upTo => {
      while (waiting.length > 0 && waiting[0].at <= upTo) {
        const { at, resolve } = waiting.shift()!;
        resolve(at);
      }
    });
    const found = new Map<number, Uint8Array>();
    const marks = new Map<number, Uint8Array>();
    await engine.start();
    await engine.accepts.load({
      entry(at, bytes) {
        found.set(at, bytes.slice());
        return 1;
      },
      mark: (key, bytes) => void marks.set(key, bytes.slice()),
    });
    const accept = (bytes: Uint8Array): Promise<number> =>
      new Promise((resolve, reject) => {
        const at = engine.accepts.offer(bytes, 0, bytes.length, 1);
        if (at > 0) waiting.push({ at, resolve });
        else reject(new Error('refused'));
      });
    return { engine, found, marks, accept };
  }

  /** The process dies; what it wrote stays. */
  async crash(): Promise<void> {
    await this.#engine?.kill();
    this.disk.crash();
  }
}
