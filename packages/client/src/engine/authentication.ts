/**
 * Enhanced authentication on one connection (section 4.12): the exchange that begins with CONNECT,
 * and those that begin anew. Knows no method: what is said is up to the exchange.
 */
import {
  type AuthPacket,
  type AuthProperties,
  PacketType,
  ProtocolError,
  ReasonCode,
} from '@godwit/protocol';
import type { Clock, Timer } from '@godwit/runtime';
import type { Settle } from '../call.ts';
import type { AuthExchange, EnhancedAuth } from '../enhanced-auth.ts';
import { ErrorCode, MqttError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Awaitable } from '../options.ts';

/** What an authentication does with its connection. */
export interface AuthenticationHandlers {
  /** @returns false when the packet is larger than the server accepts */
  send(packet: AuthPacket): boolean;
  /** Ends the connection. */
  fail(error: unknown): void;
}

export class Authentication {
  readonly #auth: EnhancedAuth;
  readonly #clock: Clock;
  /** Bound of a re-authentication; the attempt to connect has its own. */
  readonly #timeoutMs: number;
  #handlers: AuthenticationHandlers | null;
  /** The one under way. */
  #exchange: AuthExchange | null;
  /** It is our turn: the server has nothing to say until we have answered. */
  #isOurTurn: boolean;
  #rounds: number;
  /** Who waits for a re-authentication. */
  #waiter: Settle<void> | null;
  #timer: Timer | null;

  constructor(auth: EnhancedAuth, clock: Clock, timeoutMs: number) {
    this.#auth = auth;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#handlers = null;
    this.#exchange = null;
    this.#isOurTurn = false;
    this.#rounds = 0;
    this.#waiter = null;
    this.#timer = null;
  }

  /** Begins the first exchange. @returns Authentication Data of CONNECT */
  async begin(): Promise<Uint8Array | undefined> {
    this.#exchange = this.#auth.begin();
    return this.#exchange.first();
  }

  /** CONNECT is about to be sent. */
  open(handlers: AuthenticationHandlers): void {
    this.#handlers = handlers;
  }

  /** @throws ProtocolError for an AUTH that the server may not send, or not now */
  onAuth({ reasonCode, properties }: AuthPacket, isConnected: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null || this.#isOurTurn) throw violation('an AUTH that is not due');
    this.#requireMethod(properties);
    const data = properties?.authenticationData;
    // [MQTT-3.15.2-1] servers ask for more, or end a re-authentication; CONNACK ends the first one
    if (reasonCode === ReasonCode.continueAuthentication) this.#answer(exchange, data);
    else if (reasonCode === ReasonCode.success && isConnected) {
      this.#finish(exchange, data, () => this.#end(null));
    } else throw violation('an AUTH with a reason that is not due');
  }

  /**
   * CONNACK says that the server is content.
   * @param then called when we are as well; otherwise the connection fails
   * @throws ProtocolError when it is not what the exchange was to end with
   */
  onConnack(properties: AuthProperties | undefined, then: () => void): void {
    const exchange = this.#exchange;
    if (exchange === null || this.#isOurTurn) throw violation('a CONNACK that is not due');
    this.#requireMethod(properties);
    this.#finish(exchange, properties?.authenticationData, () => {
      this.#end(null);
      then();
    });
  }

  /** Proves it again; `waiter` hears how that ended. */
  again(waiter: Settle<void>): void {
    if (this.#exchange !== null) {
      const message = 'a re-authentication is under way';
      waiter.reject(new MqttError(ErrorCode.queueFull, message));
      return;
    }
    const exchange = this.#auth.begin();
    this.#exchange = exchange;
    this.#rounds = 0;
    this.#waiter = waiter;
    this.#timer = this.#clock.after(this.#timeoutMs, () => {
      const message = `not authenticated again within ${this.#timeoutMs} ms`;
      this.#handlers?.fail(new MqttError(ErrorCode.authenticationFailed, message));
    });
    this.#step(
      exchange,
      () => exchange.first(),
      data => this.#send(ReasonCode.reAuthenticate, data),
    );
  }

  /** The connection is gone. */
  down(error: MqttError): void {
    this.#handlers = null;
    this.#end(error);
  }

  #answer(exchange: AuthExchange, data: Uint8Array | undefined): void {
    this.#rounds += 1;
    if (this.#rounds > limits.authenticationRoundsMax) {
      throw failed('the server asks for more without end');
    }
    this.#step(
      exchange,
      () => exchange.answer(data),
      // [MQTT-4.12.0-3]
      answer => this.#send(ReasonCode.continueAuthentication, answer),
    );
  }

  #finish(exchange: AuthExchange, data: Uint8Array | undefined, then: () => void): void {
    this.#step(exchange, () => exchange.finish(data), then);
  }

  #end(error: MqttError | null): void {
    const waiter = this.#waiter;
    this.#exchange = null;
    this.#isOurTurn = false;
    this.#waiter = null;
    this.#timer?.cancel();
    if (error === null) waiter?.resolve();
    else waiter?.reject(error);
  }

  /** Goes on with what `run` comes to, if the exchange is still the one under way by then. */
  #step<T>(exchange: AuthExchange, run: () => Awaitable<T>, then: (result: T) => void): void {
    this.#isOurTurn = true;
    const isOver = (): boolean => this.#exchange !== exchange;
    void (async () => {
      try {
        const result = await run();
        if (isOver()) return;
        this.#isOurTurn = false;
        then(result);
      } catch (error) {
        if (isOver()) return;
        const message = 'the exchange of enhanced authentication failed';
        this.#handlers?.fail(error instanceof MqttError ? error : failed(message, error));
      }
    })();
  }

  #send(reasonCode: number, data: Uint8Array | undefined): void {
    // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
    const properties: AuthProperties = { authenticationMethod: this.#auth.method };
    if (data !== undefined) properties.authenticationData = data;
    const packet: AuthPacket = { type: PacketType.auth, reasonCode, properties };
    if (this.#handlers?.send(packet) === false) {
      throw new MqttError(ErrorCode.packetTooLarge, 'AUTH is larger than the server accepts');
    }
  }

  /** [MQTT-4.12.0-5] */
  #requireMethod(properties: AuthProperties | undefined): void {
    if (properties?.authenticationMethod === this.#auth.method) return;
    throw violation('not the authentication method of CONNECT');
  }
}

function violation(message: string): ProtocolError {
  return new ProtocolError(ReasonCode.protocolError, message);
}

function failed(message: string, cause?: unknown): MqttError {
  return new MqttError(ErrorCode.authenticationFailed, message, { cause });
}
