/** Named listening places inside one process, joined by memory streams. */
import type { Clock } from '@godwit/runtime';
import type { ByteStream, Listener } from './byte-stream.ts';
import { memoryPair } from './memory-stream.ts';

/**
 * Stands in for the network: `listen` under a name, `connect` to it.
 *
 * ```ts
 * const network = new MemoryNetwork(clock.defer);
 * network.listen('broker', stream => broker.accept(stream));
 * const stream = network.connect('broker');
 * ```
 */
export class MemoryNetwork {
  readonly #defer: Clock['defer'];
  readonly #listeners = new Map<string, (stream: ByteStream) => void>();

  /** @param defer as for {@link memoryPair} */
  constructor(defer: Clock['defer']) {
    this.#defer = defer;
  }

  /** @throws Error with code `EADDRINUSE` when the name is taken */
  listen(name: string, onStream: (stream: ByteStream) => void): Listener {
    if (this.#listeners.has(name)) throw networkError('EADDRINUSE', 'listen', name);
    this.#listeners.set(name, onStream);
    let open = true;
    return {
      address: name,
      port: 0,
      close: async () => {
        if (open) this.#listeners.delete(name);
        open = false;
      },
    };
  }

  /**
   * Connects at once; the listener gets its end in a deferred call, bytes may be written before.
   * @throws Error with code `ECONNREFUSED` when nobody listens under that name
   */
  connect(name: string): ByteStream {
    if (!this.#listeners.has(name)) throw networkError('ECONNREFUSED', 'connect', name);
    const [near, far] = memoryPair(this.#defer, { remoteAddresses: [name, ''] });
    this.#defer(() => {
      const onStream = this.#listeners.get(name);
      if (onStream === undefined) far.destroy();
      else onStream(far);
    });
    return near;
  }
}

function networkError(code: string, call: string, name: string): Error {
  return Object.assign(new Error(`${call} ${code} ${name}`), { code });
}
