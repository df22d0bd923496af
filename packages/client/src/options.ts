/** What the caller may ask for: the options of the client and of its calls. Types only. */
import type { QoS, UserProperty } from '@godwit/protocol';
import type { Clock, Random } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import type { SessionStore } from './engine/journal.ts';
import type { Until } from './engine/publication.ts';
import type { EnhancedAuth } from './enhanced-auth.ts';
import type { MqttError } from './errors.ts';
import type { Middleware } from './middleware/middleware.ts';

export type Awaitable<T> = T | Promise<T>;
/** In the order sent; a name may recur. */
export type UserProperties = readonly UserProperty[];

/** How long one call may take. When it ends early, the promise rejects; see each call. */
export interface CallOptions {
  /** Aborting it ends the call with code 'aborted'. */
  signal?: AbortSignal;
  /** Milliseconds, 1 to 2^31-1, until the call ends with code 'timeout'. */
  timeoutMs?: number;
}

/** Opens the stream of bytes that a URL stands for. */
export type Transport = (url: URL, options: { signal: AbortSignal }) => Promise<ByteStream>;

export interface Credentials {
  username?: string;
  password?: string | Uint8Array;
}

/** One attempt to connect. */
export interface Attempt {
  /** 1 for the first, and for the first after a connection that stood `resetAfterMs`. */
  readonly number: number;
  readonly url: URL;
}

/** When to connect again, and how long to wait before. */
export interface ReconnectOptions {
  /** Bound of the first delay, in milliseconds; it doubles each time. Default: 1,000. */
  minMs?: number;
  /** Bound of every delay, in milliseconds. Default: 60,000. */
  maxMs?: number;
  /**
   * What is drawn at random: 'full', from 0 to the bound; 'decorrelated', from `minMs` to three
   * times the last delay; 'none', nothing. Default: 'full'.
   */
  jitter?: 'full' | 'decorrelated' | 'none';
  /** Delays begin anew after a connection that stood so long, in milliseconds. Default: 10,000. */
  resetAfterMs?: number;
  /**
   * Decides instead of the error's `retryable`: false gives up, a number is a delay in
   * milliseconds, up to 2^31-1.
   */
  retry?(error: MqttError, attempt: Attempt): boolean | number;
  /**
   * Go where the server refers to (0x9C, 0x9D), up to three times without a pause, and never from
   * an encrypted connection to one that is not. Default: true.
   */
  followServerReference?: boolean;
}

export interface SessionOptions {
  /**
   * Begin afresh, even when the server still holds a session of this client id. 'first' does so
   * with the first connection, and the following ones go on with its session; in 3.x, where that
   * cannot be asked for, it means true. Default: 'first'.
   */
  cleanStart?: boolean | 'first';
  /**
   * How long the server keeps the session after the connection, in milliseconds (rounded up to
   * seconds, below 2^32-1 of them). Default: 0. MQTT 5.0 only: a session of 3.x that does not
   * begin afresh is kept as long as the server likes.
   */
  expiryMs?: number | 'never';
  /**
   * Keeps messages under way, and what must not be delivered twice, beyond the process. 'first' then
   * begins afresh only when the store holds no session yet. Default: none, all is in memory.
   */
  store?: SessionStore;
}

/** Everything about a message but its topic and payload. */
export interface PublishInit {
  /** Default: 0. */
  qos?: QoS;
  /** The server keeps the message for later subscribers; an empty payload clears it. */
  retain?: boolean;
  /** 1 says that the payload is UTF-8 text. MQTT 5.0 only, as are all below. */
  payloadFormatIndicator?: 0 | 1;
  /** Lifetime in milliseconds, rounded up to seconds. */
  expiryMs?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  userProperties?: UserProperties;
}

/** How long one `publish` waits. */
export interface PublishCallOptions extends CallOptions {
  /**
   * When it resolves: 'acked', when the server has taken the message over, or for QoS 0 the
   * transport; 'sent', when the transport has taken it, of any QoS; 'stored', when the session's
   * store has it, of QoS 1 and 2. A message that fails after that raises 'undelivered'.
   * Default: 'acked'.
   */
  until?: Until;
}

/** The message that the server publishes when the connection ends other than by `close()`. */
export interface WillOptions extends PublishInit {
  topic: string;
  payload: Uint8Array | string;
  /** Milliseconds, rounded up to seconds, that the server waits first. MQTT 5.0 only. */
  delayMs?: number;
}

/** Bounds of what is under way, and what happens at them. */
export interface QueueOptions {
  /** Messages published and not yet settled, at most. Default: 100,000. */
  messagesMax?: number;
  /** Bytes of their topics and payloads, at most; one message is always taken. Default: 64 MiB. */
  bytesMax?: number;
  /**
   * What a `publish` beyond these bounds does: 'reject', with code 'queue-full'; 'wait' for room, as
   * up to 10,000 calls may; 'drop-oldest', the oldest messages not sent yet, which reject with code
   * 'dropped'. Default: 'reject'.
   */
  whenFull?: 'wait' | 'reject' | 'drop-oldest';
  /**
   * What happens to messages of QoS 0 while there is no connection: 'queue' as the others, 'reject'
   * with code 'offline', or 'drop', which counts as published. Default: 'queue'.
   */
  qos0Offline?: 'reject' | 'drop' | 'queue';
}

export interface TopicAliasOptions {
  /** Send short numbers for topics used again, where the server takes them. Default: 'auto'. */
  outbound?: 'auto' | 'off';
  /** Topics for which the server may do so; 0 to 65,535. Default: 0. */
  inboundMaximum?: number;
}

/** How `request` works. MQTT 5.0 only. */
export interface RequestOptions {
  /**
   * Where answers are to come. It must be this client's alone, and nobody else should know it.
   * Default: at random, below what the server names where `responseInformation` asks for that, or
   * else below `response/`.
   */
  responseTopic?: string;
  /** Ask the server where its clients' answers are to come. Default: false. */
  responseInformation?: boolean;
  /** Requests that await their answer; more reject with code 'queue-full'. Default: 1,000. */
  outstandingMax?: number;
  /** Milliseconds until a request ends with code 'timeout', unless it says. Default: 30,000. */
  timeoutMs?: number;
}

export interface ClientOptions {
  /** Default: chosen by the server (5.0), or at random. */
  clientId?: string;
  /** 5 is MQTT 5.0, 4 is 3.1.1, 3 is 3.1. Default: 5. */
  protocolVersion?: 5 | 4 | 3;
  /** Opens the connection. Default: WebSocket; in `@godwit/client/node` whatever the URL says. */
  transport?: Transport;
  /** A function is asked before each attempt. Default: those of `mqtt://user:password@host`. */
  credentials?: Credentials | ((attempt: Attempt) => Awaitable<Credentials>);
  /**
   * Enhanced authentication, with CONNECT and whenever `reauthenticate` is called; `scramSha256` of
   * `@godwit/client/scram` is one. MQTT 5.0 only.
   */
  auth?: EnhancedAuth;
  session?: SessionOptions;
  will?: WillOptions;
  /**
   * Longest silence towards the server in milliseconds, rounded up to seconds, up to 65,535 s;
   * 0 is no keep alive. The server may impose its own. Default: 60,000.
   */
  keepAliveMs?: number;
  /** False: the client is closed when its connection breaks, or cannot be had. */
  reconnect?: false | ReconnectOptions;
  /** Milliseconds until the server must have accepted a connection. Default: 30,000. */
  connectTimeoutMs?: number;
  /** Messages of QoS 1 and 2 that may await their `ack`; 1 to 65,535. 5.0 only. Default: 1,000. */
  receiveMaximum?: number;
  /** Largest packet accepted from the server, in bytes. Default: 16 MiB. */
  maximumPacketSize?: number;
  queue?: QueueOptions;
  requests?: RequestOptions;
  /** MQTT 5.0 only. */
  topicAliases?: TopicAliasOptions;
  /**
   * Messages of QoS 1 and 2 sent and not yet acknowledged by the server; 1 to 65,535. Default: the
   * server's Receive Maximum; 20 in 3.x, which has none (mosquitto loses messages beyond that).
   */
  inflightMax?: number;
  /** Sent with CONNECT. MQTT 5.0 only. */
  userProperties?: UserProperties;
  /** Steps around each message, the outermost first. Default: none, which costs nothing. */
  use?: readonly Middleware[];
  /** Default: the system's. */
  clock?: Clock;
  /** Default: the system's. */
  random?: Random;
}

export interface SubscribeInit {
  /** Highest QoS that messages are to come with. Default: 0. */
  qos?: QoS;
  /** Share the messages with the other clients of this name, as `$share/NAME/FILTER`. */
  share?: string;
  /** Leave out what this client publishes itself. MQTT 5.0 only, as are the three below. */
  noLocal?: boolean;
  /** Keep the retain flag as the publisher set it. */
  retainAsPublished?: boolean;
  /** Retained messages: 0 send them, 1 only to a new subscription, 2 never. Default: 0. */
  retainHandling?: 0 | 1 | 2;
  /** Sent with SUBSCRIBE. */
  userProperties?: UserProperties;
  /**
   * Who acknowledges messages of QoS 1 and 2. 'auto' (default): asking for the next message does,
   * and `each` when its function has returned. 'manual': only `message.ack()`.
   */
  ack?: 'auto' | 'manual';
  /** Messages of QoS 0 waiting to be iterated, at most; more are dropped. Default: 10,000. */
  qos0MessagesMax?: number;
  /** Their payload bytes, at most. Default: 16 MiB. */
  qos0BytesMax?: number;
}

export interface CloseOptions extends CallOptions {
  /** First wait until the server has taken over all that was published. Default: false. */
  drain?: boolean;
  /** Told to the server (5.0); 0x04 has it publish the will. Default: 0x00. */
  reasonCode?: number;
  reasonString?: string;
  /** Replaces the session's `expiryMs`. */
  sessionExpiryMs?: number | 'never';
}

export interface EachOptions<M> {
  /** Calls under way at the same time. Default: 1. */
  concurrency?: number;
  /** Messages of an equal key are handled one after the other. */
  keyBy?(message: M): unknown;
  /** What to do about a failed call. Default: 'stop', which rejects; the message comes again. */
  onError?(error: unknown, message: M): 'ack' | 'nack' | 'stop';
}
