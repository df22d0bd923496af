/** The functions that want to hear of the client's events. */
import type { ClientEvents } from './client.ts';

type Listener<E extends keyof ClientEvents> = (event: ClientEvents[E]) => void;
type Sets = { [E in keyof ClientEvents]: Set<Listener<E>> };

export class Listeners {
  readonly #sets: Sets;

  constructor() {
    this.#sets = {
      up: new Set(),
      down: new Set(),
      subscriptionlost: new Set(),
      unhandled: new Set(),
      undelivered: new Set(),
    };
  }

  add<E extends keyof ClientEvents>(
    type: E,
    listener: Listener<E>,
    { signal, once = false }: { signal?: AbortSignal; once?: boolean } = {},
  ): () => void {
    const set: Set<Listener<E>> = this.#sets[type];
    const entry: Listener<E> = event => {
      if (once) remove();
      listener(event);
    };
    const remove = (): void => {
      set.delete(entry);
      signal?.removeEventListener('abort', remove);
    };
    if (signal?.aborted) return remove;
    signal?.addEventListener('abort', remove);
    set.add(entry);
    return remove;
  }

  /** A listener that throws harms nobody else: its error is reported as uncaught. */
  emit<E extends keyof ClientEvents>(type: E, event: ClientEvents[E]): void {
    for (const listener of [...this.#sets[type]]) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
