/** The client: ties a session to a connection, and promises to both. */
import {
  type ConnectPacket,
  encodePacket,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@godwit/protocol';
import { type Clock, systemClock, systemRandom, type Timer } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import { call, requireTimeout, type Settle } from './call.ts';
import type { Client, ClientEvents, ClientStats } from './client.ts';
import {
  connectPacket,
  disconnectPacket,
  inflightMax,
  maximumPacketSize,
  withCredentials,
} from './connect-packet.ts';
import { Connection } from './engine/connection.ts';
import type { Publication, PublishResult } from './engine/outbound.ts';
import { receiveMaximumDefault, type ServerSettings } from './engine/server-settings.ts';
import { Session } from './engine/session.ts';
import { ErrorCode, MqttError, PublishError } from './errors.ts';
import { limits } from './limits.ts';
import { Listeners } from './listeners.ts';
import type {
  CallOptions,
  ClientOptions,
  CloseOptions,
  PublishInit,
  SubscribeInit,
  Transport,
} from './options.ts';
import { publishPacket } from './publish-packet.ts';
import type { Subscription } from './subscription.ts';
import { type Answered, Subscriptions } from './subscriptions.ts';

export class SessionClient implements Client {
  readonly closed: Promise<MqttError | undefined>;
  readonly #clock: Clock;
  readonly #connect: ConnectPacket;
  readonly #maximumPacketSize: number;
  readonly #session: Session;
  readonly #subscriptions: Subscriptions;
  readonly #listeners: Listeners;
  /** Stops the transport while it connects. */
  readonly #transportAbort: AbortController;
  readonly #connectTimer: Timer;
  readonly #resolveClosed: (error: MqttError | undefined) => void;
  /** Calls that wait for the connection. */
  #waiting: Set<Settle<void>>;
  #connection: Connection | null;
  #server: ServerSettings | undefined;
  /** Why nothing can be sent any longer; set before the connection is quite gone. */
  #ended: MqttError | undefined;
  #isClosed: boolean;
  #isClosing: boolean;

  /** Starts connecting. @throws as `createClient` */
  constructor(url: URL, options: ClientOptions & { transport: Transport }) {
    const { clock = systemClock, random = systemRandom, queue = {} } = options;
    const { connectTimeoutMs = limits.connectTimeoutMs, transport } = options;
    const { credentials = urlCredentials(url) } = options;
    requireTimeout('connectTimeoutMs', connectTimeoutMs);
    this.#clock = clock;
    this.#connect = connectPacket(options, random);
    // what cannot be encoded is refused now
    encodePacket(this.#connect, this.#connect.protocolVersion);
    this.#maximumPacketSize = maximumPacketSize(options);
    this.#session = new Session({
      version: this.#connect.protocolVersion,
      receiveMaximum: this.#connect.properties?.receiveMaximum ?? receiveMaximumDefault,
      outboundLimits: {
        messagesMax: queue.messagesMax ?? limits.queueMessagesMax,
        bytesMax: queue.bytesMax ?? limits.queueBytesMax,
        inflightMax: inflightMax(options),
      },
      deliver: (packet, receipt) => this.#subscriptions.deliver(packet, receipt),
    });
    this.#listeners = new Listeners();
    this.#subscriptions = new Subscriptions({
      version: this.#connect.protocolVersion,
      hashSeed: random.uint32(),
      request: (packet, limits, onLate) => this.#request(packet, limits, onLate),
      onUnhandled: message => this.#listeners.emit('unhandled', message),
    });
    this.#transportAbort = new AbortController();
    const closed = Promise.withResolvers<MqttError | undefined>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#waiting = new Set();
    this.#connection = null;
    this.#server = undefined;
    this.#ended = undefined;
    this.#isClosed = false;
    this.#isClosing = false;
    this.#connectTimer = clock.after(connectTimeoutMs, () => {
      const message = `not connected within ${connectTimeoutMs} ms`;
      this.#giveUp(new MqttError(ErrorCode.timeout, message));
    });
    void this.#start(url, transport, credentials);
  }

  get state(): Client['state'] {
    if (this.#isClosed) return 'closed';
    return this.#server === undefined ? 'connecting' : 'connected';
  }

  get server(): ServerSettings | undefined {
    return this.#server;
  }

  get stats(): ClientStats {
    const { inbound, outbound } = this.#session;
    return {
      queued: outbound.queued,
      queuedBytes: outbound.bytes,
      inFlight: outbound.inFlight,
      unackedInbound: inbound.unacked,
      droppedQoS0: this.#subscriptions.dropped,
    };
  }

  ready(options: CallOptions = {}): Promise<void> {
    return this.#whenUp(options, ({ resolve }) => resolve());
  }

  async publish(
    topic: string,
    payload: Uint8Array | string,
    options: PublishInit & CallOptions = {},
  ): Promise<PublishResult> {
    const packet = publishPacket(this.#connect.protocolVersion, topic, payload, options);
    let publication: Publication | undefined;
    return call<PublishResult>(
      this.#clock,
      options,
      ({ resolve, reject }) => {
        const error = this.#ended ?? (this.#isClosing ? closedHere() : undefined);
        if (error !== undefined) throw PublishError.from(error, 'no');
        publication = { packet, state: 'queued', resolve, reject };
        this.#session.outbound.add(publication);
      },
      error => {
        const isUnsent = publication === undefined || this.#session.outbound.withdraw(publication);
        return PublishError.from(error, isUnsent ? 'no' : 'maybe');
      },
    );
  }

  subscribe(
    filter: string | readonly string[],
    options: SubscribeInit & CallOptions = {},
  ): Promise<Subscription> {
    return this.#subscriptions.subscribe(filter, options);
  }

  unsubscribe(
    filter: string | readonly string[],
    options: CallOptions = {},
  ): Promise<ReadonlyMap<string, number>> {
    return this.#subscriptions.unsubscribe(filter, options);
  }

  on<E extends keyof ClientEvents>(
    type: E,
    listener: (event: ClientEvents[E]) => void,
    options?: { signal?: AbortSignal; once?: boolean },
  ): () => void {
    return this.#listeners.add(type, listener, options);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const packet = disconnectPacket(this.#connect, options);
    const begin = ({ resolve }: Settle<void>): void => {
      void this.closed.then(() => resolve());
      if (this.#isClosing || this.#isClosed) return;
      this.#isClosing = true;
      const end = (): void => {
        this.#end(closedHere());
        this.#connection?.end(packet);
      };
      if (options.drain && this.#server !== undefined) this.#session.outbound.whenIdle(end);
      else if (this.#connection !== null) end();
      else this.#giveUp(closedHere());
    };
    try {
      await call(this.#clock, options, begin);
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      this.#isClosing = true;
      this.#giveUp(closedHere());
      await this.closed;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #start(
    url: URL,
    transport: Transport,
    credentials: NonNullable<ClientOptions['credentials']>,
  ): Promise<void> {
    let stream: ByteStream | undefined;
    try {
      const known = typeof credentials === 'function' ? await credentials() : credentials;
      const packet = withCredentials(this.#connect, known);
      if (this.#ended !== undefined) return;
      stream = await transport(url, { signal: this.#transportAbort.signal });
      if (this.#ended !== undefined) stream.destroy();
      else this.#open(stream, packet);
    } catch (error) {
      stream?.destroy();
      if (error instanceof MqttError) this.#down(error);
      else {
        const message = `cannot connect to ${url.host}`;
        this.#down(new MqttError(ErrorCode.connectFailed, message, { cause: error }));
      }
    }
  }

  #open(stream: ByteStream, packet: ConnectPacket): void {
    this.#connection = new Connection(stream, this.#clock, packet, this.#maximumPacketSize, {
      onUp: server => this.#up(server),
      onPacket: received => this.#session.onPacket(received),
      onDown: error => this.#down(error),
    });
  }

  #up(server: ServerSettings): void {
    const connection = this.#connection!;
    this.#connectTimer.cancel();
    this.#server = server;
    this.#session.up(connection, server);
    this.#listeners.emit('up', server);
    // subscriptions go first, so that they see what is published after them
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const { resolve } of waiting) resolve();
    this.#session.outbound.up(connection, server);
  }

  /** From now on nothing more is sent; what waits for an answer of the server fails. */
  #end(error: MqttError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#session.outbound.end(error);
  }

  /** Ends what is going on, whatever it is, without a word to the server. */
  #giveUp(error: MqttError): void {
    this.#end(error);
    this.#transportAbort.abort();
    if (this.#connection === null) this.#down(error);
    else this.#connection.destroy();
  }

  #down(error: MqttError | undefined): void {
    if (this.#isClosed) return;
    const reason = this.#ended ?? error ?? closedHere();
    const told = reason.code === ErrorCode.closed ? undefined : reason;
    this.#isClosed = true;
    this.#ended = reason;
    this.#connectTimer.cancel();
    this.#session.down(reason);
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const { reject } of waiting) reject(reason);
    this.#subscriptions.down(told);
    this.#listeners.emit('down', told);
    this.#resolveClosed(told);
  }

  /** Calls `then` as soon as the connection stands, at once if it does. */
  #whenUp<T>(
    options: CallOptions,
    then: (settle: Settle<T>) => void,
    giveUp?: () => void,
  ): Promise<T> {
    let waiter: Settle<void> | undefined;
    return call<T>(
      this.#clock,
      options,
      settle => {
        if (this.#ended !== undefined) throw this.#ended;
        if (this.#isClosing) throw closedHere();
        if (this.#server !== undefined) {
          then(settle);
          return;
        }
        const resolve = (): void => {
          try {
            then(settle);
          } catch (error) {
            settle.reject(error);
          }
        };
        waiter = { resolve, reject: settle.reject };
        this.#waiting.add(waiter);
      },
      error => {
        if (waiter !== undefined) this.#waiting.delete(waiter);
        giveUp?.();
        return error;
      },
    );
  }

  /** Sends a request and waits for its answer; one that comes too late is told to `onLate`. */
  #request(
    packet: SubscribePacket | UnsubscribePacket,
    options: CallOptions,
    onLate?: () => void,
  ): Promise<Answered> {
    let isLate = false;
    return this.#whenUp<Answered>(
      options,
      ({ resolve, reject }) =>
        this.#session.request(packet, {
          onAnswer: (reasonCodes, reasonString) => {
            if (isLate) onLate?.();
            else resolve({ reasonCodes, reasonString });
          },
          onError: reject,
        }),
      () => {
        isLate = true;
      },
    );
  }
}

function closedHere(): MqttError {
  return new MqttError(ErrorCode.closed, 'the client was closed');
}

/**
 * User name and password out of `mqtt://user:password@host`.
 * @throws URIError when they are not well encoded
 */
function urlCredentials({ username, password }: URL): { username?: string; password?: string } {
  if (username === '') return {};
  const name = decodeURIComponent(username);
  return password === ''
    ? { username: name }
    : { username: name, password: decodeURIComponent(password) };
}
