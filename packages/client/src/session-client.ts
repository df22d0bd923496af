/** The client: ties a session to one connection after the other, and promises to both. */
import { type ConnectPacket, encodeClientPacket } from '@godwit/protocol';
import { type Clock, systemClock, systemRandom } from '@godwit/runtime';
import { call, requireTimeout, type Settle } from './call.ts';
import type { Client, ClientEvents, ClientStats } from './client.ts';
import { connectPacket, disconnectPacket, maximumPacketSize } from './connect-packet.ts';
import { ConnectRequest } from './connect-request.ts';
import { ConnectedCalls } from './connected-calls.ts';
import type { Connection } from './engine/connection.ts';
import { Dialer, type DialerInit } from './engine/dialer.ts';
import type { Publication, PublishResult } from './engine/publication.ts';
import type { ServerSettings } from './engine/server-settings.ts';
import { Session } from './engine/session.ts';
import { ErrorCode, MqttError, type PublishError } from './errors.ts';
import { closedHere, Lifetime } from './lifetime.ts';
import { limits } from './limits.ts';
import { Listeners } from './listeners.ts';
import type { Message } from './message.ts';
import { receiveChain } from './middleware/receive-chain.ts';
import type {
  CallOptions,
  ClientOptions,
  CloseOptions,
  PublishCallOptions,
  PublishInit,
  SubscribeInit,
  Transport,
} from './options.ts';
import { Publisher } from './publisher.ts';
import { reconnectPolicy } from './reconnect-policy.ts';
import { Requester } from './request/requester.ts';
import { Responder, type RespondFunction, type RespondInit } from './request/responder.ts';
import { inboundLimits, outboundLimits } from './session-limits.ts';
import { StoreHold } from './store-hold.ts';
import type { Subscription } from './subscription.ts';
import { Subscriptions } from './subscriptions.ts';
import { onWake } from './wake.ts';

export class SessionClient implements Client {
  readonly closed: Promise<MqttError | undefined>;
  readonly #clock: Clock;
  /** As made from the options; what changes with the connections is `#connectRequest`'s. */
  readonly #connect: ConnectPacket;
  readonly #connectRequest: ConnectRequest;
  readonly #session: Session;
  readonly #store: StoreHold | null;
  readonly #receiveMaximum: number;
  readonly #subscriptions: Subscriptions;
  readonly #listeners: Listeners;
  readonly #requester: Requester;
  readonly #publisher: Publisher;
  readonly #calls: ConnectedCalls;
  readonly #lifetime: Lifetime;
  readonly #dialer: Dialer;
  readonly #resolveClosed: (error: MqttError | undefined) => void;
  #server: ServerSettings | undefined;
  /** Settled as long as there is no connection. */
  #offline: PromiseWithResolvers<void>;
  #reconnects: number;
  #undelivered: number;

  /** Starts connecting. @throws as `createClient` */
  constructor(urls: readonly URL[], options: ClientOptions & { transport: Transport }) {
    const { clock = systemClock, random = systemRandom, use = [] } = options;
    const { session: { store } = {}, connectTimeoutMs = limits.connectTimeoutMs } = options;
    requireTimeout('connectTimeoutMs', connectTimeoutMs);
    const policy = reconnectPolicy(options);
    this.#clock = clock;
    this.#connect = connectPacket(options, random);
    this.#connectRequest = new ConnectRequest(this.#connect, options, urls);
    const inboundBounds = inboundLimits(options);
    this.#receiveMaximum = inboundBounds.receiveMaximum;
    this.#session = new Session({
      version: this.#connect.protocolVersion,
      clock,
      inboundLimits: inboundBounds,
      outboundLimits: outboundLimits(options),
      onUndelivered: (publication, error) => this.#onUndelivered(publication, error),
      deliver: receiveChain(use, (packet, receipt) => this.#subscriptions.deliver(packet, receipt)),
    });
    this.#listeners = new Listeners();
    this.#requester = new Requester(this, clock, random, options);
    this.#lifetime = new Lifetime();
    this.#publisher = new Publisher({
      version: this.#connect.protocolVersion,
      clock,
      outbound: this.#session.outbound,
      lifetime: this.#lifetime,
      use,
      hasStore: store !== undefined,
    });
    this.#calls = new ConnectedCalls({
      clock,
      session: this.#session,
      lifetime: this.#lifetime,
      isUp: () => this.state === 'connected',
    });
    this.#subscriptions = new Subscriptions({
      version: this.#connect.protocolVersion,
      request: (packet, limits, onLate) => this.#calls.request(packet, limits, onLate),
      renew: (packet, answer) => this.#session.request(packet, answer),
      obstacle: packet => this.#session.obstacle(packet),
      offline: () => this.#offline.promise,
      onLost: lost => this.#listeners.emit('subscriptionlost', lost),
      onUnhandled: message => this.#listeners.emit('unhandled', message),
    });
    const closed = Promise.withResolvers<MqttError | undefined>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#server = undefined;
    this.#offline = Promise.withResolvers();
    this.#offline.resolve();
    this.#reconnects = 0;
    this.#undelivered = 0;
    // opened last: nothing would let it go if an option made no sense
    this.#store = store === undefined ? null : new StoreHold(store, clock, e => this.#fail(e));
    this.#dialer = this.#newDialer({
      urls,
      transport: options.transport,
      clock,
      random,
      connectTimeoutMs,
      maximumPacketSize: maximumPacketSize(options),
      policy,
      auth: options.auth,
    });
    void this.closed.then(onWake(() => this.#dialer.wake()));
    if (this.#store === null) this.#dialer.dial();
    else this.#open(this.#store);
  }

  get protocolVersion(): 5 | 4 | 3 {
    return this.#connect.protocolVersion;
  }

  get state(): Client['state'] {
    return this.#dialer.state;
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
      droppedQoS0: this.#subscriptions.dropped + outbound.dropped,
      droppedUnread: this.#subscriptions.droppedUnread,
      undelivered: this.#undelivered,
      lateResponses: this.#requester.late,
      reconnects: this.#reconnects,
    };
  }

  ready(options: CallOptions = {}): Promise<void> {
    return this.#calls.whenUp(options, ({ resolve }) => resolve());
  }

  publish(
    topic: string,
    payload: Uint8Array | string,
    options: PublishInit & PublishCallOptions = {},
  ): Promise<PublishResult> {
    return this.#publisher.publish(topic, payload, options);
  }

  subscribe(
    filter: string | readonly string[],
    options: SubscribeInit & CallOptions = {},
  ): Promise<Subscription> {
    return this.#subscriptions.subscribe(filter, options);
  }

  request(
    topic: string,
    payload: Uint8Array | string,
    options: PublishInit & CallOptions = {},
  ): Promise<Message> {
    return this.#requester.request(topic, payload, options);
  }

  async respond(
    filter: string | readonly string[],
    answer: RespondFunction,
    options: RespondInit & CallOptions = {},
  ): Promise<Responder> {
    return new Responder(this, await this.subscribe(filter, options), answer, options);
  }

  unsubscribe(
    filter: string | readonly string[],
    options: CallOptions = {},
  ): Promise<ReadonlyMap<string, number>> {
    return this.#subscriptions.unsubscribe(filter, options);
  }

  reauthenticate(options: CallOptions = {}): Promise<void> {
    return this.#calls.whenUp(options, settle => this.#dialer.reauthenticate(settle));
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
    encodeClientPacket(packet, this.#connect.protocolVersion);
    const begin = ({ resolve }: Settle<void>): void => {
      void this.closed.then(() => resolve());
      if (this.#lifetime.isClosing || this.state === 'closed') return;
      this.#lifetime.isClosing = true;
      const end = (): void => {
        this.#end(closedHere());
        this.#dialer.end(packet);
      };
      const drain = (): void => this.#session.outbound.whenIdle(end);
      const opened = this.#store?.opened;
      if (!options.drain) end();
      else
        this.#publisher.whenTaken(() => void (opened === undefined ? drain() : opened.then(drain)));
    };
    try {
      await call(this.#clock, options, begin);
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      this.#lifetime.isClosing = true;
      this.#end(closedHere());
      this.#dialer.giveUp();
      await this.closed;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #newDialer(init: Omit<DialerInit, 'whenStored' | 'packet'>): Dialer {
    const whenStored = this.#store?.whenStored ?? null;
    const packet: DialerInit['packet'] = attempt => this.#connectRequest.make(attempt);
    return new Dialer(
      { ...init, whenStored, packet },
      {
        onUp: (connection, server, isCertain) => this.#up(connection, server, isCertain),
        onPacket: received => this.#session.onPacket(received),
        onDown: error => this.#down(error),
        onOver: error => this.#over(error),
      },
    );
  }

  /** Goes on with the stored session, if there is one, once the store is open. */
  #open(store: StoreHold): void {
    void store.opened.then(open => {
      if (open === undefined || this.#lifetime.ended !== undefined) return;
      try {
        if (open.session.clientId !== undefined) {
          this.#connectRequest.resume(open.session.clientId);
        }
      } catch (error) {
        this.#fail(error as MqttError);
        return;
      }
      this.#session.restore(open);
      this.#dialer.dial();
    });
  }

  /** What cannot be mended ends the client. */
  #fail(error: MqttError): void {
    this.#end(error);
    this.#dialer.giveUp();
  }

  #onUndelivered({ packet }: Publication, error: PublishError): void {
    const { topic, payload, qos } = packet;
    this.#undelivered += 1;
    this.#listeners.emit('undelivered', { topic, payload, qos, error });
  }

  #up(connection: Connection, server: ServerSettings, wasOnlyAttempt: boolean): void {
    if (this.#server !== undefined) this.#reconnects += 1;
    this.#server = server;
    this.#offline = Promise.withResolvers();
    const isKept = this.#connectRequest.accepted(server);
    const isCertain = wasOnlyAttempt && !(this.#store?.isResumed ?? false);
    this.#store?.accepted(server.clientId);
    if (!isKept || !isCertain) this.#subscriptions.lost(this.#receiveMaximum);
    this.#session.up(connection, server, isKept, isCertain);
    this.#listeners.emit('up', server);
    // subscriptions go first, so that they see what is published after them
    this.#subscriptions.up(server.sessionPresent && isCertain);
    this.#calls.up();
    if (this.#lifetime.ended === undefined) this.#session.outbound.up(connection, server, isKept);
  }

  /** From now on nothing more is sent; what waits for an answer of the server fails. */
  #end(error: MqttError): void {
    if (this.#lifetime.ended !== undefined) return;
    this.#lifetime.ended = error;
    this.#session.outbound.end(error);
  }

  /** A connection or an attempt failed, and another will follow. */
  #down(error: MqttError): void {
    this.#session.detach(error);
    this.#offline.resolve();
    this.#listeners.emit('down', error);
  }

  #over(error: MqttError | undefined): void {
    const reason = this.#lifetime.ended ?? error ?? closedHere();
    const told = reason.code === ErrorCode.closed ? undefined : reason;
    this.#end(reason);
    this.#session.detach(reason);
    this.#offline.resolve();
    this.#calls.over(reason);
    this.#subscriptions.over(told);
    this.#listeners.emit('down', told);
    if (this.#store === null) this.#resolveClosed(told);
    else void this.#store.close().then(failure => this.#resolveClosed(told ?? failure));
  }
}
