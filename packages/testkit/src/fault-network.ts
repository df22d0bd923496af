/** A network inside one process whose connections suffer faults that a seed reproduces. */
import type { Clock } from '@godwit/runtime';
import { type ByteStream, type Listener, MemoryNetwork, memoryPair } from '@godwit/transport';
import { FaultLink, type Faults, type LinkContext } from './fault-link.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Options of {@link FaultNetwork}. */
export interface FaultNetworkOptions extends Faults {
  readonly clock: Clock;
  /** Decides every fault. */
  readonly random: SeededRandom;
}

/**
 * Used like a {@link MemoryNetwork}. The order of bytes is kept, as TCP does; everything else is
 * up to the faults.
 *
 * ```ts
 * const clock = new VirtualClock();
 * const random = new SeededRandom(seed);
 * const network = new FaultNetwork({ clock, random, splitChance: 0.5, delayMsMax: 20 });
 * ```
 */
export class FaultNetwork {
  readonly #network: MemoryNetwork;
  readonly #context: LinkContext;
  readonly #links: Set<FaultLink>;

  constructor(options: FaultNetworkOptions) {
    const { clock, random, splitChance = 0, delayMsMax = 0, cutChance = 0 } = options;
    this.#network = new MemoryNetwork(clock.defer);
    this.#context = { clock, random, faults: { splitChance, delayMsMax, cutChance } };
    this.#links = new Set();
  }

  /** Connections that are open, oldest first. */
  get links(): readonly FaultLink[] {
    return [...this.#links];
  }

  /** @throws Error with code `EADDRINUSE` when the name is taken */
  listen(name: string, onStream: (stream: ByteStream) => void): Listener {
    return this.#network.listen(name, onStream);
  }

  /** @throws Error with code `ECONNREFUSED` when nobody listens under that name */
  connect(name: string): ByteStream {
    const listener = this.#network.connect(name);
    const [stream, caller] = memoryPair(this.#context.clock.defer, {
      remoteAddresses: [name, ''],
    });
    const link = new FaultLink(this.#context, caller, listener, closed => {
      this.#links.delete(closed);
    });
    this.#links.add(link);
    return stream;
  }
}
