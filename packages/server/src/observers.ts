/**
 * Who wants to hear what clients do. The broker's hooks are set only while somebody does, so that
 * nobody else pays for them.
 */
import type { Observer } from '@godwit/admin';
import type { Hooks } from '@godwit/broker';

export class Observers {
  readonly #hooks: Hooks;
  readonly #all: Set<Observer>;

  /** @param hooks the broker's, whose own observers, if any, are replaced */
  constructor(hooks: Hooks) {
    this.#hooks = hooks;
    this.#all = new Set();
  }

  /** @returns a function that has it hear nothing more */
  add(observer: Observer): () => void {
    this.#all.add(observer);
    this.#install();
    return () => {
      this.#all.delete(observer);
      this.#install();
    };
  }

  #install(): void {
    const all = this.#all;
    const isHeard = all.size > 0;
    const set: Observer = {
      onConnect(client, sessionPresent) {
        for (const one of all) one.onConnect?.(client, sessionPresent);
      },
      onDisconnect(client, info) {
        for (const one of all) one.onDisconnect?.(client, info);
      },
      onSubscribe(client, filter, granted) {
        for (const one of all) one.onSubscribe?.(client, filter, granted);
      },
      onUnsubscribe(client, filter) {
        for (const one of all) one.onUnsubscribe?.(client, filter);
      },
    };
    const none: Observer = {
      onConnect: undefined,
      onDisconnect: undefined,
      onSubscribe: undefined,
      onUnsubscribe: undefined,
    };
    Object.assign(this.#hooks, isHeard ? set : none);
  }
}
