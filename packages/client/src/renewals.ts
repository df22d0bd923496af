/**
 * Subscribes again to what was granted once, when the server has lost the session. What the server
 * refuses then is lost; the rest stays. A renewal that a broken connection leaves without an answer
 * is made again with the next one.
 */
import { type QoS, ReasonCode, type SubscribePacket } from '@godwit/protocol';
import type { Answer } from './engine/requests.ts';
import { ErrorCode, MqttError, SubscribeError } from './errors.ts';
import { limits } from './limits.ts';

/** A subscription as it was asked for, and what became of it. */
export interface Renewable {
  /** Filters as the server has them, by filters as they were given. */
  readonly filters: ReadonlyMap<string, string>;
  readonly packet: SubscribePacket;
  readonly granted: Map<string, QoS>;
  readonly refused: Map<string, number>;
  /** The server may not know of it. */
  isOwed: boolean;
}

export interface RenewalsInit<R extends Renewable> {
  /** @throws MqttError when that is not possible on this connection */
  send(packet: SubscribePacket, answer: Answer): void;
  obstacle(packet: SubscribePacket): MqttError | undefined;
  onLost(renewable: R, filter: string, error: MqttError): void;
}

export class Renewals<R extends Renewable> {
  readonly #init: RenewalsInit<R>;
  readonly #live: Set<R>;
  /** What is to be renewed on this connection, the next one last. */
  #owed: R[];

  constructor(init: RenewalsInit<R>) {
    this.#init = init;
    this.#live = new Set();
    this.#owed = [];
  }

  add(renewable: R): void {
    this.#live.add(renewable);
  }

  delete(renewable: R): void {
    this.#live.delete(renewable);
  }

  /** @param isKnown whether the server certainly has the session still */
  up(isKnown: boolean): void {
    if (!isKnown) for (const renewable of this.#live) renewable.isOwed = true;
    this.#owed = [...this.#live].filter(({ isOwed }) => isOwed).reverse();
    for (let under = 0; under < limits.renewalsMax && this.#next(); under += 1);
  }

  /** Sends the next renewal. @returns false when there is none */
  #next(): boolean {
    for (let live = this.#owed.pop(); live !== undefined; live = this.#owed.pop()) {
      if (this.#live.has(live) && this.#renew(live)) return true;
    }
    return false;
  }

  /** @returns whether it was sent */
  #renew(live: R): boolean {
    const names = this.#offered(live);
    const wire = new Set(names.map(name => live.filters.get(name)!));
    const subscriptions = live.packet.subscriptions.filter(({ filter }) => wire.has(filter));
    if (names.length === 0) return false;
    try {
      this.#init.send(
        { ...live.packet, subscriptions },
        {
          onAnswer: (codes, reasonString) => {
            const byFilter = new Map(subscriptions.map(({ filter }, at) => [filter, codes[at]]));
            this.#onAnswer(live, names, byFilter, reasonString);
            this.#next();
          },
          // it stays owed
          onError: () => {},
        },
      );
    } catch (error) {
      for (const name of names) this.#lose(live, name, asMqttError(error));
      return false;
    }
    return true;
  }

  /** The filters that the server offers to take; the others are lost. */
  #offered(live: R): string[] {
    return [...live.granted.keys()].filter(name => {
      const full = live.filters.get(name)!;
      const subscriptions = live.packet.subscriptions.filter(({ filter }) => filter === full);
      const obstacle = this.#init.obstacle({ ...live.packet, subscriptions });
      if (obstacle !== undefined) this.#lose(live, name, obstacle);
      return obstacle === undefined;
    });
  }

  #onAnswer(
    live: R,
    names: readonly string[],
    codes: ReadonlyMap<string, number>,
    reasonString: string | undefined,
  ): void {
    live.isOwed = false;
    for (const name of names) {
      const code = codes.get(live.filters.get(name)!)!;
      if (code < 0x80) live.granted.set(name, code as QoS);
      else this.#lose(live, name, new SubscribeError(new Map([[name, code]]), reasonString));
    }
  }

  #lose(live: R, filter: string, error: MqttError): void {
    live.granted.delete(filter);
    live.refused.set(filter, error.reasonCode ?? ReasonCode.unspecifiedError);
    // its user has ended it meanwhile
    if (!this.#live.has(live)) return;
    if (live.granted.size === 0) this.#live.delete(live);
    this.#init.onLost(live, filter, error);
  }
}

function asMqttError(error: unknown): MqttError {
  if (error instanceof MqttError) return error;
  return new MqttError(ErrorCode.internalError, 'cannot subscribe again', { cause: error });
}
