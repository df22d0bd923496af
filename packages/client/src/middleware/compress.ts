/**
 * Compresses payloads above a threshold, and says so in a user property; whoever does not know it
 * sees the compressed bytes. What is received is expanded up to a bound.
 */
import { type PublishProperties, ReasonCode } from '@godwit/protocol';
import { ErrorCode, PublishError } from '../errors.ts';
import type { UserProperties } from '../options.ts';
import { coder, type Encoding } from './coder.ts';
import { InOrder } from './in-order.ts';
import type { Middleware, OutboundMessage } from './middleware.ts';

/** Its value is the encoding. */
const encodingProperty = 'content-encoding';
/** Present, with this value, when the payload is UTF-8 text once it is expanded. */
const formatProperty: readonly [string, string] = ['content-format', 'utf-8'];
const utf8 = new TextEncoder();

export interface CompressOptions {
  /** Zstandard needs Node, at both ends. Default: 'gzip'. */
  encoding?: Encoding;
  /** Payload bytes from which on it is tried. Default: 1,024. */
  thresholdBytes?: number;
  /** Bytes that a received payload may expand to; a larger one is refused. Default: 16 MiB. */
  expandedBytesMax?: number;
  /**
   * Payload bytes being worked on, in each direction. Beyond it `publish` rejects with code
   * 'queue-full', and received messages of QoS 0 are dropped. Default: 64 MiB.
   */
  pendingBytesMax?: number;
}

export interface Compress extends Middleware {
  /** Messages sent compressed. */
  readonly compressed: number;
  /** Messages received that were expanded. */
  readonly expanded: number;
  /** Messages received and refused (0x99): damaged, or too large when expanded. */
  readonly invalid: number;
  /** Messages of QoS 0 received and dropped, with too much under way. */
  readonly dropped: number;
}

/**
 * A middleware that compresses. Give it to each client that is to read such messages; messages of
 * 3.x, which have no user properties, stay as they are. Order is kept.
 * @throws RangeError for options that make no sense, and an encoding that is not to be had here
 */
export function compress(options: CompressOptions = {}): Compress {
  return new Compressing(options);
}

class Compressing implements Compress {
  compressed: number;
  expanded: number;
  invalid: number;
  dropped: number;
  readonly #encoding: Encoding;
  readonly #thresholdBytes: number;
  readonly #expandedBytesMax: number;
  readonly #pendingBytesMax: number;
  readonly #outbound: InOrder;
  readonly #inbound: InOrder;

  constructor(options: CompressOptions) {
    const { encoding = 'gzip', thresholdBytes = 1_024 } = options;
    const { expandedBytesMax = 16_777_216, pendingBytesMax = 67_108_864 } = options;
    if (coder(encoding) === undefined) {
      throw new RangeError(`encoding is ${encoding}; expected one that this runtime has`);
    }
    this.compressed = 0;
    this.expanded = 0;
    this.invalid = 0;
    this.dropped = 0;
    this.#encoding = encoding;
    this.#thresholdBytes = positive('thresholdBytes', thresholdBytes);
    this.#expandedBytesMax = positive('expandedBytesMax', expandedBytesMax);
    this.#pendingBytesMax = positive('pendingBytesMax', pendingBytesMax);
    this.#outbound = new InOrder();
    this.#inbound = new InOrder();
  }

  publish: NonNullable<Middleware['publish']> = (message, next) => {
    const { payload, options, protocolVersion } = message;
    const bytes = typeof payload === 'string' ? utf8.encode(payload) : payload;
    const isPlain =
      protocolVersion < 5 ||
      bytes.length < this.#thresholdBytes ||
      propertyOf(options.userProperties, encodingProperty) !== undefined;
    if (isPlain && this.#outbound.isIdle) return next(message);
    // one message is always taken
    if (!this.#outbound.isIdle && this.#outbound.bytes + bytes.length > this.#pendingBytesMax) {
      const text = `${this.#outbound.bytes} bytes are being compressed`;
      return Promise.reject(new PublishError(ErrorCode.queueFull, text, 'no'));
    }
    const work = isPlain ? message : this.#compress(message, bytes);
    return this.#outbound.run(bytes.length, work, next);
  };

  receive: NonNullable<Middleware['receive']> = (message, next) => {
    const encoding = propertyOf(message.properties.userProperties, encodingProperty) as
      | Encoding
      | undefined;
    const expand = encoding === undefined ? undefined : coder(encoding)?.expand;
    if (expand === undefined && this.#inbound.isIdle) {
      next();
      return;
    }
    const { length } = message.payload;
    // the server keeps the others within our Receive Maximum
    if (message.qos === 0 && this.#inbound.bytes + length > this.#pendingBytesMax) {
      this.dropped += 1;
      message.finish(ReasonCode.quotaExceeded);
      return;
    }
    const work = expand?.(message.payload, this.#expandedBytesMax).catch(() => null);
    void this.#inbound.run(length, work, expanded => {
      if (expanded === null) {
        this.invalid += 1;
        message.finish(ReasonCode.payloadFormatInvalid);
        return;
      }
      if (expanded !== undefined) {
        this.expanded += 1;
        message.payload = expanded;
        message.properties = asBefore(message.properties);
      }
      next();
    });
  };

  async #compress(message: OutboundMessage, bytes: Uint8Array): Promise<OutboundMessage> {
    const payload = await coder(this.#encoding)!.compress(bytes);
    if (payload.length >= bytes.length) return message;
    this.compressed += 1;
    const { userProperties = [], payloadFormatIndicator, ...options } = message.options;
    const added: UserProperties = [
      [encodingProperty, this.#encoding],
      ...(payloadFormatIndicator === 1 ? [formatProperty] : []),
    ];
    return {
      ...message,
      payload,
      options: { ...options, userProperties: [...userProperties, ...added] },
    };
  }
}

/** What a message said before it was compressed. */
function asBefore(properties: PublishProperties): PublishProperties {
  const { userProperties = [] } = properties;
  const isText = propertyOf(userProperties, formatProperty[0]) === formatProperty[1];
  return {
    ...properties,
    ...(isText && { payloadFormatIndicator: 1 }),
    userProperties: userProperties.filter(
      ([name]) => name !== encodingProperty && name !== formatProperty[0],
    ),
  };
}

function propertyOf(properties: UserProperties = [], name: string): string | undefined {
  return properties.find(([key]) => key === name)?.[1];
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new RangeError(`${name} is ${value}; expected an integer of 1 or more`);
}

export type { Encoding };
