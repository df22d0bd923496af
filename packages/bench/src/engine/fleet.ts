/** All connections of a run that last: opened some at a time, and closed together. */
import { type Dialled, dial } from './dial.ts';
import type { Link } from './link.ts';
import { type ServerSettings, sourceAddress } from './server-settings.ts';
import { sleep } from './sleep.ts';
import type { Tick } from './tick.ts';

/** A group of connections to be opened. */
export interface FleetPlan<T> {
  readonly count: number;
  /** Client identifiers are this, followed by a number. */
  readonly idPrefix: string;
  /** Spreads the beginnings evenly over this time; 0: as fast as the server answers. */
  readonly rampMs: number;
  readonly signal: AbortSignal;
  /** Makes of a connection what is wanted. */
  readonly use: (dialled: Dialled, index: number) => Promise<T> | T;
}

/** A server that has not closed by then is left. */
const closeMs = 2_000;
const closePollMs = 10;

export class Fleet {
  readonly #settings: ServerSettings;
  readonly #tick: Tick;
  readonly #links: Link[];
  /** Connections begun; spreads them over source addresses. */
  #begun: number;

  constructor(settings: ServerSettings, tick: Tick) {
    this.#settings = settings;
    this.#tick = tick;
    this.#links = [];
    this.#begun = 0;
  }

  get links(): readonly Link[] {
    return this.#links;
  }

  /**
   * Opens a group, at most `settings.concurrency` connections in the making.
   *
   * @throws Error the first failure; what was opened stays open until {@link close}
   */
  async open<T>({ count, idPrefix, rampMs, signal, use }: FleetPlan<T>): Promise<T[]> {
    const { clock } = this.#tick;
    const made = new Array<T>(count);
    const startMs = clock.monotonicMs();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        signal.throwIfAborted();
        const index = next;
        next += 1;
        const waitMs = startMs + (rampMs * index) / count - clock.monotonicMs();
        if (waitMs > 0) await sleep(clock, waitMs, signal);
        made[index] = await use(await this.#dial(`${idPrefix}${index}`), index);
      }
    };
    const workers = Array.from({ length: Math.min(this.#settings.concurrency, count) }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      next = count;
      await Promise.allSettled(workers);
      throw error;
    }
    return made;
  }

  /** Takes leave of the server, and waits a little until it has closed everything. */
  async close(): Promise<void> {
    const { clock } = this.#tick;
    for (const link of this.#links) link.close();
    const endMs = clock.monotonicMs() + closeMs;
    while (this.#links.some(({ isOpen }) => isOpen) && clock.monotonicMs() < endMs) {
      await sleep(clock, closePollMs);
    }
    for (const link of this.#links) link.destroy();
  }

  async #dial(clientId: string): Promise<Dialled> {
    const address = sourceAddress(this.#settings, this.#begun);
    this.#begun += 1;
    const dialled = await dial(this.#settings, this.#tick, clientId, address);
    this.#links.push(dialled.link);
    return dialled;
  }
}
