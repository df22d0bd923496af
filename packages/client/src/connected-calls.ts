/** Calls that need the connection: they wait for it, and where it breaks begin anew with the next. */
import type { SubscribePacket, UnsubscribePacket } from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import { call, type Settle } from './call.ts';
import type { Session } from './engine/session.ts';
import type { MqttError } from './errors.ts';
import type { Lifetime } from './lifetime.ts';
import type { CallOptions } from './options.ts';
import type { Answered } from './subscriptions.ts';

export interface ConnectedCallsInit {
  clock: Clock;
  session: Session;
  lifetime: Lifetime;
  isUp(): boolean;
}

export class ConnectedCalls {
  readonly #init: ConnectedCallsInit;
  #waiting: Set<Settle<void>>;

  constructor(init: ConnectedCallsInit) {
    this.#init = init;
    this.#waiting = new Set();
  }

  /** The connection stands. */
  up(): void {
    for (const { resolve } of this.#taken()) resolve();
  }

  /** None follows. */
  over(reason: MqttError): void {
    for (const { reject } of this.#taken()) reject(reason);
  }

  /**
   * Calls `then` as soon as the connection stands, at once if it does. When its `again` is called,
   * because the connection is gone, it is called anew with the next one.
   */
  whenUp<T>(
    options: CallOptions,
    then: (settle: Settle<T>, again: () => void) => void,
    giveUp?: () => void,
  ): Promise<T> {
    const { clock, lifetime, isUp } = this.#init;
    let waiter: Settle<void> | undefined;
    return call<T>(
      clock,
      options,
      settle => {
        const again = (): void => {
          if (lifetime.ended !== undefined) settle.reject(lifetime.ended);
          else this.#waiting.add(waiter!);
        };
        const resolve = (): void => {
          try {
            then(settle, again);
          } catch (error) {
            settle.reject(error);
          }
        };
        waiter = { resolve, reject: settle.reject };
        const { obstacle } = lifetime;
        if (obstacle !== undefined) throw obstacle;
        if (isUp()) resolve();
        else this.#waiting.add(waiter);
      },
      error => {
        if (waiter !== undefined) this.#waiting.delete(waiter);
        giveUp?.();
        return error;
      },
    );
  }

  /**
   * Sends a request and waits for its answer, over as many connections as it takes; one that comes
   * too late, or never, is told to `onLate`.
   */
  request(
    packet: SubscribePacket | UnsubscribePacket,
    options: CallOptions,
    onLate?: () => void,
  ): Promise<Answered> {
    let isLate = false;
    return this.whenUp<Answered>(
      options,
      ({ resolve }, again) =>
        this.#init.session.request(packet, {
          onAnswer: (reasonCodes, reasonString) => {
            if (isLate) onLate?.();
            else resolve({ reasonCodes, reasonString });
          },
          onError: () => {
            if (isLate) onLate?.();
            else again();
          },
        }),
      () => {
        isLate = true;
      },
    );
  }

  #taken(): Iterable<Settle<void>> {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    return waiting;
  }
}
