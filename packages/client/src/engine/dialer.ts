/**
 * Brings up one connection after the other: attempts at one URL after another, pauses in between,
 * and the decision when to stop. What a connection carries is no concern of it.
 */
import type { ConnectPacket, DisconnectPacket, Packet } from '@godwit/protocol';
import { ReasonCode } from '@godwit/protocol';
import type { Clock, Random, Timer } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import type { Settle } from '../call.ts';
import { withAuthenticationData } from '../connect-packet.ts';
import type { EnhancedAuth } from '../enhanced-auth.ts';
import { ErrorCode, MqttError } from '../errors.ts';
import type { Attempt, Transport } from '../options.ts';
import { type ReconnectPolicy, retryDelay } from '../reconnect-policy.ts';
import { Authentication } from './authentication.ts';
import { Backoff } from './backoff.ts';
import { Connection, type ConnectionHandlers } from './connection.ts';
import type { WhenStored } from './outbox.ts';
import type { ServerSettings } from './server-settings.ts';
import { Targets } from './targets.ts';

export interface DialerInit {
  urls: readonly URL[];
  transport: Transport;
  clock: Clock;
  random: Random;
  connectTimeoutMs: number;
  maximumPacketSize: number;
  /** Null: the first end is the end. */
  policy: ReconnectPolicy | null;
  /** How CONNECT is to prove who we are. */
  auth: EnhancedAuth | undefined;
  /** What nothing is sent before, if the session is stored. */
  whenStored: WhenStored | null;
  /** CONNECT, made anew for each attempt. */
  packet(attempt: Attempt): Promise<ConnectPacket>;
}

export interface DialerHandlers {
  /**
   * The server accepted. `isCertain` is false when it may have accepted before, unheard: the session
   * that it says it has may have begun only then.
   */
  onUp(connection: Connection, server: ServerSettings, isCertain: boolean): void;
  onPacket(packet: Packet): void;
  /** A connection, or an attempt at one, failed; another will be made. */
  onDown(error: MqttError): void;
  /** It was the last one; called once. Undefined when the user wished it. */
  onOver(error: MqttError | undefined): void;
}

export type DialerState = 'connecting' | 'connected' | 'waiting' | 'closed';

export class Dialer {
  readonly #init: DialerInit;
  readonly #handlers: DialerHandlers;
  readonly #targets: Targets;
  readonly #backoff: Backoff | null;
  #state: DialerState;
  #attempt: Attempt;
  /** Of the attempt under way; aborted when its outcome does not matter any more. */
  #abort: AbortController;
  #connection: Connection | null;
  /** Ends the attempt, or the pause. */
  #timer: Timer | null;
  /** When the connection was accepted, or -1. */
  #upAt: number;
  /** Why we cut the connection ourselves. */
  #failure: MqttError | undefined;
  #isEnding: boolean;
  /** CONNECT packets sent since the server accepted one, but for those refused. */
  #unanswered: number;

  constructor(init: DialerInit, handlers: DialerHandlers) {
    this.#init = init;
    this.#handlers = handlers;
    this.#targets = new Targets(init.urls);
    this.#backoff = init.policy === null ? null : new Backoff(init.policy, init.random);
    this.#state = 'connecting';
    this.#attempt = { number: 0, url: this.#targets.current };
    this.#abort = new AbortController();
    this.#connection = null;
    this.#timer = null;
    this.#upAt = -1;
    this.#failure = undefined;
    this.#isEnding = false;
    this.#unanswered = 0;
  }

  get state(): DialerState {
    return this.#state;
  }

  /** Makes the first attempt, or the next one. */
  dial(): void {
    const { clock, connectTimeoutMs } = this.#init;
    this.#state = 'connecting';
    this.#attempt = { number: this.#attempt.number + 1, url: this.#targets.current };
    this.#abort = new AbortController();
    this.#failure = undefined;
    this.#upAt = -1;
    this.#timer = clock.after(connectTimeoutMs, () => {
      const message = `not connected within ${connectTimeoutMs} ms`;
      this.#cut(new MqttError(ErrorCode.timeout, message));
    });
    void this.#open(this.#attempt, this.#abort.signal);
  }

  /**
   * Proves who we are anew.
   * @throws MqttError when there is no connection
   * @throws TypeError without an authentication method
   */
  reauthenticate(waiter: Settle<void>): void {
    if (this.#connection === null) throw new MqttError(ErrorCode.closed, 'there is no connection');
    this.#connection.reauthenticate(waiter);
  }

  /** This machine may have been away: a pause is over, and a connection has to prove itself. */
  wake(): void {
    if (this.#state === 'waiting') {
      this.#timer?.cancel();
      this.dial();
    } else if (this.#state === 'connected') this.#connection?.probe();
  }

  /** Ends all, with a word to the server if there is one. */
  end(packet: DisconnectPacket): void {
    if (this.#state !== 'connected') {
      this.giveUp();
      return;
    }
    this.#isEnding = true;
    this.#connection?.end(packet);
  }

  /** Ends all without a word. */
  giveUp(): void {
    if (this.#state === 'closed') return;
    this.#isEnding = true;
    this.#cut(undefined);
  }

  /** Ends what is going on, whatever it is. */
  #cut(failure: MqttError | undefined): void {
    this.#failure = failure;
    this.#abort.abort();
    if (this.#connection === null) this.#onEnd(failure);
    else this.#connection.destroy();
  }

  async #open(attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { transport, clock, maximumPacketSize, auth, connectTimeoutMs, whenStored } = this.#init;
    const authentication =
      auth === undefined ? null : new Authentication(auth, clock, connectTimeoutMs);
    let stream: ByteStream | undefined;
    try {
      let packet = await this.#init.packet(attempt);
      if (authentication !== null) {
        packet = withAuthenticationData(packet, await authentication.begin());
      }
      if (signal.aborted) return;
      stream = await transport(attempt.url, { signal });
      if (signal.aborted) {
        stream.destroy();
        return;
      }
      const handlers: ConnectionHandlers = {
        onUp: server => this.#onUp(server),
        onPacket: received => this.#handlers.onPacket(received),
        onDown: error => this.#onEnd(error ?? this.#failure),
      };
      const settings = [stream, clock, packet, maximumPacketSize, handlers] as const;
      this.#connection = new Connection(...settings, authentication, whenStored);
      this.#unanswered += 1;
    } catch (error) {
      stream?.destroy();
      if (!signal.aborted) this.#onEnd(connectFailed(attempt, error));
    }
  }

  #onUp(server: ServerSettings): void {
    this.#timer?.cancel();
    this.#upAt = this.#init.clock.monotonicMs();
    this.#state = 'connected';
    const isCertain = this.#unanswered === 1;
    this.#unanswered = 0;
    this.#handlers.onUp(this.#connection!, server, isCertain);
  }

  /** The connection, the attempt or the pause is over. */
  #onEnd(error: MqttError | undefined): void {
    if (this.#state === 'closed') return;
    this.#timer?.cancel();
    this.#connection = null;
    if (error?.code === ErrorCode.connectRefused) this.#unanswered -= 1;
    const delayMs = this.#isEnding || error === undefined ? undefined : this.#delayAfter(error);
    if (delayMs === undefined) {
      this.#state = 'closed';
      this.#handlers.onOver(error);
      return;
    }
    this.#state = delayMs > 0 ? 'waiting' : 'connecting';
    this.#timer = this.#init.clock.after(delayMs, () => this.dial());
    this.#handlers.onDown(error!);
  }

  /** How long to wait after `error`; undefined when it is final. */
  #delayAfter(error: MqttError): number | undefined {
    const { policy, clock } = this.#init;
    if (policy === null) return undefined;
    const stoodMs = this.#upAt < 0 ? -1 : clock.monotonicMs() - this.#upAt;
    const hasStood = this.#upAt >= 0 && stoodMs >= policy.resetAfterMs;
    const attempt = this.#attempt;
    if (hasStood) {
      this.#backoff!.reset();
      this.#targets.rest();
      this.#attempt = { ...attempt, number: 0 };
    }
    if (policy.followServerReference && this.#follows(error)) return 0;
    const retry = policy.retry === undefined ? error.retryable : this.#ask(policy, error, attempt);
    if (retry === false) return undefined;
    // where it stood well, it is tried first
    const hasMore = !hasStood && this.#targets.advance();
    if (typeof retry === 'number') return retry;
    if (hasMore) return 0;
    this.#targets.rest();
    return this.#backoff!.next();
  }

  #follows({ reasonCode, serverReference }: MqttError): boolean {
    if (serverReference === undefined) return false;
    const isMoved = reasonCode === ReasonCode.serverMoved;
    if (!isMoved && reasonCode !== ReasonCode.useAnotherServer) return false;
    return this.#targets.follow(serverReference, isMoved);
  }

  /** What the user says. Where that fails, the failure is uncaught, and the table decides. */
  #ask({ retry }: ReconnectPolicy, error: MqttError, attempt: Attempt): boolean | number {
    try {
      const answer = retry!(error, attempt);
      return typeof answer === 'number' ? retryDelay(answer) : answer;
    } catch (failure) {
      queueMicrotask(() => {
        throw failure;
      });
      return error.retryable;
    }
  }
}

function connectFailed({ url }: Attempt, error: unknown): MqttError {
  if (error instanceof MqttError) return error;
  const message = `cannot connect to ${url.host}`;
  return new MqttError(ErrorCode.connectFailed, message, { cause: error });
}
