/**
 * Where a broker's owner takes part: who may connect, what they may do, what happened. A hook that
 * is not given costs nothing; one that answers at once costs no promise. A promise holds only its
 * own connection: nothing more is read from it until the answer is there.
 */
import type { QoS, ReasonCode, UserProperty } from '@godwit/protocol';
import type { PeerCertificate } from '@godwit/transport';
import type { AuthMethod } from './auth-method.ts';
import type { Load } from './load/load-monitor.ts';

/** A value, or a promise of it where an outside authority has to be asked. */
export type Awaitable<T> = T | Promise<T>;

/** A client as hooks see it. */
export interface ClientInfo {
  readonly clientId: string;
  readonly username: string | undefined;
  /** 3 (MQTT 3.1), 4 (3.1.1) or 5. */
  readonly protocolVersion: 3 | 4 | 5;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Of a client that has shown one over TLS, and whose certificate is trusted. */
  readonly peerCertificate?: PeerCertificate | undefined;
  /** {@link Welcome.identity} as it was given; absent before that. */
  readonly identity?: object | undefined;
}

/** What a client says of itself in CONNECT. */
export interface ConnectRequest extends ClientInfo {
  readonly password: Uint8Array | undefined;
  readonly cleanStart: boolean;
  readonly userProperties: readonly UserProperty[];
}

/** A reason code of 0x80 or above. */
export type RefusalCode = Exclude<
  ReasonCode,
  0x00 | 0x01 | 0x02 | 0x04 | 0x10 | 0x11 | 0x18 | 0x19
>;

/**
 * For the people behind a client. Left out, in this order, where it would exceed the client's
 * Maximum Packet Size; and for a client that asked for no problem information.
 */
export interface Explanation {
  /** At most 65,535 bytes. */
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
}

/** No, and why. */
export interface Refusal extends Explanation {
  /** One that the packet which answers may carry; another is a fault of the hook's (0x83). */
  readonly reasonCode: RefusalCode;
}

/** A client is not let in, or has to go. */
export interface ConnectRefusal extends Refusal {
  /** Where to go instead; with 0x9C (use another server) and 0x9D (server moved) only. */
  readonly serverReference?: string;
}

/** A client is let in. */
export interface Welcome {
  readonly reasonCode: typeof ReasonCode.success;
  /** Who it is, where that is not what CONNECT says. */
  readonly username?: string;
  /** What else is known of it, for hooks asked later; the broker does not look inside. */
  readonly identity?: object;
  /**
   * Wall time in milliseconds at which the welcome is over: the connection then ends with 0xA0
   * (`permissionsExpired`), unless the client has authenticated again. Absent: it is never over.
   */
  readonly expiresAtMs?: number | undefined;
  /** Response Information, for a client that asked for it. [MQTT-3.1.2-28] */
  readonly responseInformation?: string;
  /** For CONNACK; left out where they would exceed the client's Maximum Packet Size. */
  readonly userProperties?: readonly UserProperty[];
}

/** `true`: welcome, nothing to add. A refusal has a reason code of CONNACK. */
export type AuthenticateAnswer = true | Welcome | ConnectRefusal;

/** `false`: 0x87. A refusal has a reason code of PUBACK and PUBREC. */
export type PublishAnswer = boolean | Refusal;

/** `true`: the QoS asked for; a number below 3: at most that. `false`: 0x87; else as it says. */
export type SubscribeAnswer = boolean | QoS | RefusalCode;

export interface PublishRequest {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
}

export interface SubscribeRequest {
  /** As sent, with `$share/name/` where it is shared. */
  readonly filter: string;
  readonly qos: QoS;
}

/** Why a connection ended. */
export interface DisconnectInfo {
  /** Reason code sent or received in DISCONNECT; 0x80 when the connection broke without one. */
  readonly reasonCode: number;
  /** True when the client sent DISCONNECT. */
  readonly byClient: boolean;
}

export interface Hooks {
  /**
   * Methods of enhanced authentication. A client that names one in CONNECT is the method's to let
   * in, and `authenticate` is not asked; one that names another is refused with 0x8C.
   */
  readonly authMethods?: readonly AuthMethod[];
  /** Asked once per CONNECT without Authentication Method. Without this hook all are welcome. */
  authenticate?(request: ConnectRequest): Awaitable<AuthenticateAnswer>;
  /**
   * Asked when topic, QoS or RETAIN differ from the client's last PUBLISH, or that was refused; and
   * for every will, whose refusal is that of its CONNECT.
   * No: the message goes nowhere; QoS 1 and 2 are answered with the reason (3.x: acknowledged).
   */
  authorizePublish?(client: ClientInfo, request: PublishRequest): Awaitable<PublishAnswer>;
  /**
   * Asked once per filter, again when a client comes back to its session, and by
   * `Broker.reauthorize`: what is refused then ends (`subscriptionsRevoked`). The answer is the filter's
   * reason code in SUBACK.
   */
  authorizeSubscribe?(client: ClientInfo, request: SubscribeRequest): Awaitable<SubscribeAnswer>;
  /**
   * Asked once per connection, and by `Broker.reauthorize`: what decides by topic which of the
   * messages that the client has subscribed to it gets (`messagesDroppedUnauthorized`), or null for
   * all of them, which costs nothing. It is called for each message, and must not throw.
   */
  authorizeReceive?(client: ClientInfo): ((topic: string) => boolean) | null;
  /**
   * Asked right before CONNACK, and by `Broker.reauthorize`. `false`: the client would not be let in
   * any more.
   */
  isStillWelcome?(client: ClientInfo): boolean;
  /** After CONNACK. */
  onConnect?(client: ClientInfo, sessionPresent: boolean): void;
  onDisconnect?(client: ClientInfo, info: DisconnectInfo): void;
  onSubscribe?(client: ClientInfo, filter: string, granted: QoS): void;
  onUnsubscribe?(client: ClientInfo, filter: string): void;
  /** Every accepted message, before it is delivered; makes each message cost an object. */
  onPublish?(client: ClientInfo | null, message: PublishedMessage): void;
  /** The broker became busy or overloaded, or is no more. */
  onLoad?(load: Load): void;
  /** A client broke the protocol, or a hook threw (0x83); `message` is for logs. */
  onProtocolError?(client: ClientInfo, reasonCode: number, message: string): void;
}

/** A message as {@link Hooks.onPublish} sees it; views of memory that is valid during the call. */
export interface PublishedMessage extends PublishRequest {
  readonly payload: Uint8Array;
}
