/**
 * The topic aliases that we set on one connection: which topics get one, within the peer's maximum.
 * A topic earns an alias by its second use; when all are given, only one that has gone unused
 * changes hands. Every step takes constant time.
 */

/** Topic key → alias. `K` is anything a Map takes for a key: a string, an interned route. */
export class OutboundAliases<K> {
  /**
   * Whether the alias that {@link assign} returned last is new to the peer, so that the topic has
   * to go along with it.
   */
  isNew = false;
  readonly #maximum: number;
  readonly #aliases = new Map<K, number>();
  /** By alias; 0 is none. */
  readonly #keys: (K | undefined)[] = [undefined];
  /** By alias: used since the hand came by. */
  readonly #used: boolean[] = [false];
  #hand = 1;
  /** Topics used once lately, oldest first; at most as many as there are aliases. */
  readonly #seenOnce = new Set<K>();

  /** @param maximum the peer's Topic Alias Maximum, or less to save memory; 0 gives no aliases */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /**
   * The alias for a PUBLISH that is certain to be sent; sets {@link isNew}.
   * @returns 0 for none
   */
  assign(key: K): number {
    const known = this.#aliases.get(key);
    this.isNew = known === undefined;
    if (known !== undefined) {
      this.#used[known] = true;
      return known;
    }
    if (this.#maximum === 0) return 0; // [MQTT-3.1.2-27]
    if (!this.#seenOnce.has(key)) {
      this.#remember(key);
      return 0;
    }
    const alias = this.#free();
    if (alias === 0) return 0;
    this.#seenOnce.delete(key);
    this.#aliases.set(key, alias);
    this.#keys[alias] = key;
    this.#used[alias] = true;
    return alias;
  }

  /** Takes back the alias of a topic, for a PUBLISH that was not sent after all. */
  forget(key: K): void {
    const alias = this.#aliases.get(key);
    if (alias === undefined) return;
    this.#aliases.delete(key);
    this.#keys[alias] = undefined;
    this.#used[alias] = false;
  }

  #remember(key: K): void {
    this.#seenOnce.add(key);
    if (this.#seenOnce.size <= this.#maximum) return;
    for (const oldest of this.#seenOnce) {
      this.#seenOnce.delete(oldest);
      return;
    }
  }

  /** An alias never given, or else the one under the hand, unless it was used since. */
  #free(): number {
    // [MQTT-3.1.2-26] [MQTT-3.3.2-9] [MQTT-3.3.2-11]
    if (this.#keys.length <= this.#maximum) return this.#keys.length;
    const alias = this.#hand;
    this.#hand = alias === this.#maximum ? 1 : alias + 1;
    if (this.#used[alias]) {
      this.#used[alias] = false;
      return 0;
    }
    const key = this.#keys[alias];
    if (key !== undefined) this.#aliases.delete(key);
    return alias;
  }
}
