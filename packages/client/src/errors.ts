/**
 * What can go wrong, as values a program can decide on: one closed list of codes, the server's
 * reason where it gave one, and whether trying again can help.
 */
import { ReasonCode } from '@godwit/protocol';

/** Every `code` of an {@link MqttError}. */
export const ErrorCode = {
  /** The transport could not reach the server. */
  connectFailed: 'connect-failed',
  /** The server answered CONNECT with a refusal: see `reasonCode`. */
  connectRefused: 'connect-refused',
  /** The connection broke off without a DISCONNECT. */
  connectionLost: 'connection-lost',
  /** The server sent DISCONNECT: see `reasonCode`. */
  serverDisconnected: 'server-disconnected',
  /** The server was silent for too long after a PINGREQ. */
  keepAliveTimeout: 'keep-alive-timeout',
  /** The server broke the rules of MQTT; `reasonCode` is what it was told. */
  protocolError: 'protocol-error',
  /**
   * Enhanced authentication ended without proof: the method gave up (see `cause`), or the server
   * did not prove itself, or was silent.
   */
  authenticationFailed: 'authentication-failed',
  /** A fault of this client ended the connection: see `cause`. */
  internalError: 'internal-error',
  /** The client was closed, by `close()`. */
  closed: 'closed',
  /** The call's `signal` was aborted; its reason is the `cause`. */
  aborted: 'aborted',
  /** The call's `timeoutMs` has passed. */
  timeout: 'timeout',
  /** The server, or the protocol version, does not offer what was asked for. */
  notSupported: 'not-supported',
  /** The packet is larger than the server accepts. */
  packetTooLarge: 'packet-too-large',
  /** The client's queue, or its packet identifiers, are used up. */
  queueFull: 'queue-full',
  /** A message of QoS 0 was published while there was no connection: see `qos0Offline`. */
  offline: 'offline',
  /** A newer message took its place in the full queue: see `whenFull`. */
  dropped: 'dropped',
  /** The session's store cannot be opened, or no longer written: see `cause`. */
  storeFailed: 'store-failed',
  /** The message's lifetime was over before it could be sent. */
  expired: 'expired',
  /** The server refused the message: see `reasonCode`. */
  publishRefused: 'publish-refused',
  /** Nobody subscribes to the topic of a request. */
  noResponder: 'no-responder',
  /** The responder answered with an error: see `response`. */
  requestFailed: 'request-failed',
  /** The server refused every filter: see `refused`. */
  subscribeRefused: 'subscribe-refused',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export interface MqttErrorInit {
  reasonCode?: number;
  reasonString?: string;
  serverReference?: string;
  cause?: unknown;
}

const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.connectFailed,
  ErrorCode.connectionLost,
  ErrorCode.keepAliveTimeout,
  ErrorCode.timeout,
  ErrorCode.queueFull,
  ErrorCode.offline,
  ErrorCode.dropped,
  ErrorCode.noResponder,
]);

/** Reasons that pass: the same request may succeed later. All others need a change first. */
const retryableReasons: ReadonlySet<number> = new Set([
  ReasonCode.normalDisconnection,
  ReasonCode.noMatchingSubscribers,
  ReasonCode.unspecifiedError,
  ReasonCode.implementationSpecificError,
  ReasonCode.serverUnavailable,
  ReasonCode.serverBusy,
  ReasonCode.serverShuttingDown,
  ReasonCode.keepAliveTimeout,
  ReasonCode.receiveMaximumExceeded,
  ReasonCode.messageRateTooHigh,
  ReasonCode.quotaExceeded,
  ReasonCode.useAnotherServer,
  ReasonCode.connectionRateExceeded,
  ReasonCode.maximumConnectTime,
]);

/** A reason code as text, in the words of `ReasonCode`: `0x87, not authorized`. */
export function reasonName(reasonCode: number): string {
  const hex = reasonCode.toString(16).toUpperCase().padStart(2, '0');
  const [name = 'unknown'] = Object.entries(ReasonCode).find(([, is]) => is === reasonCode) ?? [];
  return `0x${hex}, ${name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)}`;
}

/** An operation failed, for a reason outside the program. */
export class MqttError extends Error {
  readonly code: ErrorCode;
  /** The reason code of MQTT 5.0 that came with it; return codes of 3.x are translated. */
  readonly reasonCode: number | undefined;
  /** The server's own words, when it sent some. Not to be parsed. */
  readonly reasonString: string | undefined;
  /** Where the server wants its clients to go, with the reasons 0x9C and 0x9D. */
  readonly serverReference: string | undefined;

  constructor(code: ErrorCode, message: string, init: MqttErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'MqttError';
    this.code = code;
    this.reasonCode = init.reasonCode;
    this.reasonString = init.reasonString;
    this.serverReference = init.serverReference;
  }

  /** Whether the same call may succeed later, with nothing changed. */
  get retryable(): boolean {
    return this.reasonCode === undefined
      ? retryableCodes.has(this.code)
      : retryableReasons.has(this.reasonCode);
  }
}

/** What is known of a message whose `publish` failed. */
export type Delivered = 'no' | 'maybe';

/** A message was not, or perhaps not, taken over by the server. */
export class PublishError extends MqttError {
  /** 'no': the server does not have it. 'maybe': publishing it again may duplicate it. */
  readonly delivered: Delivered;

  constructor(code: ErrorCode, message: string, delivered: Delivered, init?: MqttErrorInit) {
    super(code, message, init);
    this.name = 'PublishError';
    this.delivered = delivered;
  }

  /** The same failure, said of one message. */
  static from(error: MqttError, delivered: Delivered): PublishError {
    return new PublishError(error.code, error.message, delivered, error);
  }
}

/** The server refused every filter of a `subscribe`. */
export class SubscribeError extends MqttError {
  /** The reason code of each filter. */
  readonly refused: ReadonlyMap<string, number>;

  constructor(refused: ReadonlyMap<string, number>, reasonString?: string) {
    const [[filter, reasonCode]] = refused;
    super(ErrorCode.subscribeRefused, `the server refused ${filter}: ${reasonName(reasonCode)}`, {
      reasonCode,
      reasonString,
    });
    this.name = 'SubscribeError';
    this.refused = refused;
  }
}
