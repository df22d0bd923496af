/** The client as its user sees it. Types only; `SessionClient` is what stands behind it. */
import type { QoS } from '@godwit/protocol';
import type { PublishResult } from './engine/publication.ts';
import type { ServerSettings } from './engine/server-settings.ts';
import type { MqttError, PublishError } from './errors.ts';
import type { Message } from './message.ts';
import type {
  CallOptions,
  CloseOptions,
  PublishCallOptions,
  PublishInit,
  SubscribeInit,
} from './options.ts';
import type { Responder, RespondFunction, RespondInit } from './request/responder.ts';
import type { Subscription } from './subscription.ts';

export interface ClientStats {
  /** Messages waiting to be sent: for the connection, or for room in the server's window. */
  readonly queued: number;
  /** Bytes of topics and payloads of all messages published and not yet settled. */
  readonly queuedBytes: number;
  /** Messages of QoS 1 and 2 sent and not yet acknowledged by the server. */
  readonly inFlight: number;
  /** Messages of QoS 1 and 2 received and not yet acknowledged to the server. */
  readonly unackedInbound: number;
  /** Messages of QoS 0: received with no room for them, or published offline and not queued. */
  readonly droppedQoS0: number;
  /** Messages of QoS 1 and 2 dropped unread, beyond `receiveMaximum` when a session was lost. */
  readonly droppedUnread: number;
  /** Messages that raised 'undelivered'. */
  readonly undelivered: number;
  /** Answers that came after their request had ended, or a second time. */
  readonly lateResponses: number;
  /** Connections that the server accepted after the first one. */
  readonly reconnects: number;
}

/** A filter that the server granted once, and refused when it was to be renewed. */
export interface LostSubscription {
  readonly subscription: Subscription;
  /** As it was given to `subscribe`. */
  readonly filter: string;
  readonly error: MqttError;
}

/** A message that will not be delivered, and that no `publish` is pending for. */
export interface Undelivered {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly error: PublishError;
}

export interface ClientEvents {
  /** The server accepted a connection. */
  up: ServerSettings;
  /**
   * A connection, or an attempt at one, is over, and `state` says what follows; undefined when
   * `close()` did it.
   */
  down: MqttError | undefined;
  /**
   * The server lost the session, and refused this filter when it was renewed. The others stay; when
   * it was the last one of its subscription, that ends with the error.
   */
  subscriptionlost: LostSubscription;
  /** A message that no subscription asked for; acknowledged once the listeners have returned. */
  unhandled: Message;
  /**
   * A message failed after its `publish` had resolved, or since it was stored by an earlier process:
   * it expired, the server refused it, or a newer one took its place.
   */
  undelivered: Undelivered;
}

/**
 * One MQTT client, over as many connections as it takes. What was published and subscribed outlives
 * a connection that breaks: calls stay pending, and go on with the next one.
 */
export interface Client extends AsyncDisposable {
  /** 5 is MQTT 5.0, 4 is 3.1.1, 3 is 3.1. */
  readonly protocolVersion: 5 | 4 | 3;
  /** 'waiting' is the pause before the next attempt. */
  readonly state: 'connecting' | 'connected' | 'waiting' | 'closed';
  /** What was agreed upon last; undefined until the server accepted a connection. */
  readonly server: ServerSettings | undefined;
  readonly stats: ClientStats;
  /** Resolves when all is over: with the error that ended it, or nothing after `close()`. */
  readonly closed: Promise<MqttError | undefined>;
  /**
   * Resolves when the client is connected, at once if it is.
   * @throws MqttError what prevented it for good
   */
  ready(options?: CallOptions): Promise<void>;
  /**
   * Sends a message; without a connection it is queued. The bytes must not be changed until the
   * promise is settled. It resolves for QoS 0 when the transport has taken the message, for QoS 1
   * and 2 when the server has, over as many connections as that takes; or earlier: see `until`.
   * @throws PublishError `delivered` says whether the server may have it
   * @throws TypeError, RangeError for what cannot be encoded
   */
  publish(
    topic: string,
    payload: Uint8Array | string,
    options?: PublishInit & PublishCallOptions,
  ): Promise<PublishResult>;
  /**
   * Subscribes to one or several filters, whose messages come in one sequence. Messages are held
   * for it from this call on, so that a session's queued ones are not missed.
   * @throws SubscribeError when the server refuses every filter
   * @throws MqttError when the server cannot, or the call ended early (then it is undone)
   */
  subscribe(
    filter: string | readonly string[],
    options?: SubscribeInit & CallOptions,
  ): Promise<Subscription>;
  /**
   * Publishes a message and waits for the answer to it. All answers of a client come over one
   * subscription, made with the first request. QoS is 1 and the lifetime `timeoutMs` unless given;
   * see `requests` of the options for the default of that, and for the bound of what is under way.
   * MQTT 5.0 only.
   * @throws RequestError when the responder failed
   * @throws MqttError 'no-responder' when the server says that nobody subscribes; 'timeout';
   *   'queue-full'; or what kept the request from being published
   */
  request(
    topic: string,
    payload: Uint8Array | string,
    options?: PublishInit & CallOptions,
  ): Promise<Message>;
  /**
   * Answers requests: with what `answer` returns, or, when it throws, with an error. Only the text
   * of a `ResponseError` is told. Requests are acknowledged once they were answered.
   * @throws SubscribeError, MqttError as `subscribe`
   */
  respond(
    filter: string | readonly string[],
    answer: RespondFunction,
    options?: RespondInit & CallOptions,
  ): Promise<Responder>;
  /**
   * Ends subscriptions of the session that no `Subscription` object stands for, as after a restart.
   * @returns the reason code of each filter; always 0x00 in 3.x
   */
  unsubscribe(
    filter: string | readonly string[],
    options?: CallOptions,
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * Proves anew who this client is, by the option `auth`, while all else goes on. When that fails
   * the connection ends, by the server or by us, and the reconnect rules decide what follows.
   * @throws MqttError what ended the connection, or 'queue-full' while another one is under way
   * @throws TypeError without the option `auth`
   */
  reauthenticate(options?: CallOptions): Promise<void>;
  /** Calls `listener` on each event. @returns a function that ends it */
  on<E extends keyof ClientEvents>(
    type: E,
    listener: (event: ClientEvents[E]) => void,
    options?: { signal?: AbortSignal; once?: boolean },
  ): () => void;
  /**
   * Says DISCONNECT and closes. What was not acknowledged rejects with code 'closed', unless
   * `drain` is set: then its acknowledgements are awaited first, if need be on a new connection.
   * When `signal` or `timeoutMs` ends the call early, the connection is cut. Never rejects but for
   * options that make no sense.
   */
  close(options?: CloseOptions): Promise<void>;
}
