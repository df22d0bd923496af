/**
 * One run of the broker over the simulated disk, from the start of its process to its end. Nothing
 * of it goes on once it has ended.
 */
import { Broker, type BrokerOptions } from '@godwit/broker';
import type { Clock } from '@godwit/runtime';
import type { Engine } from '@godwit/storage';
import { DataDirectory, type Disk, LocalEngine, type LocalLimits } from '@godwit/storage-local';
import type { SeededRandom } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import type { EdgeStream } from './edge-stream.ts';
import { LifeClock } from './life-clock.ts';

/** Deliberate faults: what stands between the broker and its world. */
export interface Fault {
  disk?(disk: Disk): Disk;
  engine?(engine: Engine): Engine;
  /** Between the broker and the place where the model looks. */
  stream?(stream: ByteStream): ByteStream;
}

export interface LifeOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly disk: Disk;
  readonly broker: Pick<BrokerOptions, 'limits' | 'queueFullPolicy' | 'sharedStrategy'>;
  readonly engineLimits: Partial<LocalLimits>;
  readonly fault: Fault;
  readonly onReady: () => void;
  /** The medium has failed: the broker has to have stopped. */
  readonly onFailure: () => void;
  /** It did not come up. */
  readonly onRefused: (error: unknown) => void;
}

export class Life {
  isReady: boolean;
  readonly #clock: LifeClock;
  readonly #options: LifeOptions;
  readonly #streams: Set<EdgeStream>;
  #broker: Broker | null;
  #isOver: boolean;

  constructor(options: LifeOptions) {
    this.isReady = false;
    this.#clock = new LifeClock(options.clock);
    this.#options = options;
    this.#streams = new Set();
    this.#broker = null;
    this.#isOver = false;
    this.#start().catch(error => {
      if (!this.#isOver) options.onRefused(error);
    });
  }

  /** Connections that the broker has not closed. */
  get openStreams(): number {
    return [...this.#streams].filter(({ isClosed }) => !isClosed).length;
  }

  /** Serves a client. */
  accept(stream: EdgeStream): void {
    const { fault } = this.#options;
    this.#streams.add(stream);
    this.#broker!.accept(fault.stream?.(stream) ?? stream);
  }

  /** The process is gone. */
  end(): void {
    this.#isOver = true;
    this.isReady = false;
    this.#clock.end();
    for (const stream of this.#streams) stream.kill();
  }

  async #start(): Promise<void> {
    const { disk, random, broker, engineLimits, fault, onReady, onFailure } = this.#options;
    const clock = this.#clock;
    const data = await DataDirectory.open(fault.disk?.(disk) ?? disk);
    const local = new LocalEngine({ clock, data, random, limits: engineLimits });
    const engine = fault.engine?.(local) ?? local;
    this.#broker = new Broker({
      ...broker,
      clock,
      random,
      engine,
      onFailure: () => {
        if (!this.#isOver) onFailure();
      },
    });
    await this.#broker.start();
    if (this.#isOver) return;
    this.isReady = true;
    onReady();
  }
}
