/**
 * Where a broker's owner takes part: who may connect, what they may do, what happened. A hook that
 * is not given costs nothing; one that answers at once costs no promise. A promise holds only its
 * own connection: nothing more is read from it until the answer is there.
 */
import type { QoS, ReasonCode, UserProperty } from '@godwit/protocol';

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
}

/** What a client says of itself in CONNECT. */
export interface ConnectRequest extends ClientInfo {
  readonly password: Uint8Array | undefined;
  readonly cleanStart: boolean;
  readonly userProperties: readonly UserProperty[];
}

/** `true`: welcome. Otherwise the refusal: a CONNACK reason code of 0x80 or above. */
export type AuthenticateAnswer =
  | true
  | { readonly reasonCode: ReasonCode; readonly reasonString?: string };

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
  /** Asked once per CONNECT. Without it everyone is welcome. */
  authenticate?(request: ConnectRequest): Awaitable<AuthenticateAnswer>;
  /**
   * Asked when topic, QoS or RETAIN differ from the client's last PUBLISH, or that was refused; and
   * for every will.
   * False: QoS 1 and 2 are answered with 0x87 (3.x: acknowledged), the message goes nowhere.
   */
  authorizePublish?(client: ClientInfo, request: PublishRequest): Awaitable<boolean>;
  /** Asked once per filter. False: 0x87 in SUBACK. */
  authorizeSubscribe?(client: ClientInfo, request: SubscribeRequest): Awaitable<boolean>;
  /** After CONNACK. */
  onConnect?(client: ClientInfo, sessionPresent: boolean): void;
  onDisconnect?(client: ClientInfo, info: DisconnectInfo): void;
  onSubscribe?(client: ClientInfo, filter: string, granted: QoS): void;
  onUnsubscribe?(client: ClientInfo, filter: string): void;
  /** Every accepted message, before it is delivered; makes each message cost an object. */
  onPublish?(client: ClientInfo | null, message: PublishedMessage): void;
  /** A client broke the protocol, or a hook threw (0x83); `message` is for logs. */
  onProtocolError?(client: ClientInfo, reasonCode: number, message: string): void;
}

/** A message as {@link Hooks.onPublish} sees it; views of memory that is valid during the call. */
export interface PublishedMessage extends PublishRequest {
  readonly payload: Uint8Array;
}
