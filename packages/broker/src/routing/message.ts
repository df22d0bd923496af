/**
 * An application message on its way: where its parts are in bytes that are never decoded, and what
 * a broker has to know of them. One reusable *live* message walks from a PUBLISH to all its
 * receivers; whoever must keep it asks for {@link Message.kept}, which copies it once for all.
 */
import { decodeUtf8, type PublishParts, type PublishView, type QoS } from '@godwit/protocol';
import { SharedBlock } from '../connection/shared-block.ts';
import { FrameCache } from './frame-cache.ts';

const none = new Uint8Array(0);
/** A Topic Alias property: identifier and two bytes. */
const aliasBytes = 3;

/** What {@link Message.withoutTopic} gives. */
const topicless = {
  bytes: none as Uint8Array,
  topicStart: 0,
  topicEnd: 0,
  propertiesStart: 0,
  propertiesEnd: 0,
  payloadStart: 0,
  payloadEnd: 0,
};

export class Message implements PublishParts {
  bytes: Uint8Array;
  topicStart: number;
  topicEnd: number;
  propertiesStart: number;
  propertiesEnd: number;
  payloadStart: number;
  payloadEnd: number;
  /** Offset of the four bytes of Message Expiry Interval in `bytes`, or -1. */
  messageExpiryAt: number;
  qos: QoS;
  retain: boolean;
  /** Client identifier of the publisher, for No Local; '' when the broker itself published. */
  publisher: string;
  /** Wall time at which the message expires; 0 when it never does. */
  expiresAtMs: number;
  /** Frames encoded for the receivers of a live message; null for a kept one. */
  readonly frames: FrameCache | null;
  /** Queues in which a kept message waits. */
  holders: number;
  /** Null until someone asks. */
  #topic: string | null;
  #kept: Message | null;
  #payload: SharedBlock | null;

  constructor(live: boolean) {
    this.bytes = none;
    this.topicStart = 0;
    this.topicEnd = 0;
    this.propertiesStart = 0;
    this.propertiesEnd = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.messageExpiryAt = -1;
    this.qos = 0;
    this.retain = false;
    this.publisher = '';
    this.expiresAtMs = 0;
    this.frames = live ? new FrameCache() : null;
    this.holders = 0;
    this.#topic = null;
    this.#kept = null;
    this.#payload = null;
  }

  get topic(): string {
    this.#topic ??= decodeUtf8(this.bytes, this.topicStart, this.topicEnd);
    return this.#topic;
  }

  /** Bytes that keeping the message takes, about. */
  get size(): number {
    return this.payloadEnd - this.topicStart;
  }

  get payloadSize(): number {
    return this.payloadEnd - this.payloadStart;
  }

  /**
   * Takes over what `view` shows, valid as long as the view's bytes are. A topic alias must have
   * been resolved: then {@link setWithoutAlias} is for it.
   *
   * @param frameStart offset of the packet's first byte, its end being the payload's
   * @param withProperties the packet is of version 5.0
   */
  setView(
    view: PublishView,
    topic: string,
    publisher: string,
    frameStart: number,
    withProperties: boolean,
  ): void {
    this.#topic = topic;
    this.#show(view);
    this.publisher = publisher;
    this.expiresAtMs = 0;
    this.#kept = null;
    this.frames!.reset();
    this.frames!.adopt(view.bytes, frameStart, view.payloadEnd, withProperties, view.qos > 0);
  }

  /**
   * As {@link setView}, for a PUBLISH with a topic alias: copies it with its topic and without the
   * alias, which means nothing to others.
   */
  setWithoutAlias(
    view: PublishView,
    topic: string,
    topicBytes: Uint8Array,
    publisher: string,
  ): void {
    const { topicAliasAt, messageExpiryAt, propertiesStart, propertiesEnd } = view;
    const topicEnd = topicBytes.length;
    const propertiesSize = propertiesEnd - propertiesStart - aliasBytes;
    const payloadStart = topicEnd + propertiesSize;
    const bytes = new Uint8Array(payloadStart + view.payloadEnd - view.payloadStart);
    bytes.set(topicBytes);
    bytes.set(view.bytes.subarray(propertiesStart, topicAliasAt), topicEnd);
    const afterAlias = topicEnd + topicAliasAt - propertiesStart;
    bytes.set(view.bytes.subarray(topicAliasAt + aliasBytes, propertiesEnd), afterAlias);
    bytes.set(view.bytes.subarray(view.payloadStart, view.payloadEnd), payloadStart);
    this.#topic = topic;
    this.bytes = bytes;
    this.topicStart = 0;
    this.topicEnd = topicEnd;
    this.propertiesStart = topicEnd;
    this.propertiesEnd = payloadStart;
    this.payloadStart = payloadStart;
    this.payloadEnd = bytes.length;
    this.messageExpiryAt = -1;
    if (messageExpiryAt >= 0) {
      const shift = messageExpiryAt > topicAliasAt ? aliasBytes : 0;
      this.messageExpiryAt = topicEnd + messageExpiryAt - propertiesStart - shift;
    }
    this.qos = view.qos;
    this.retain = view.retain;
    this.publisher = publisher;
    this.expiresAtMs = 0;
    this.#kept = null;
    this.frames!.reset();
  }

  /**
   * Takes over what `view` shows of a stored PUBLISH, whose bytes stay as they are. For a message
   * that is not live; `expiresAtMs` is left as it is.
   */
  setStored(view: PublishView): void {
    this.#topic = null;
    this.#payload = null;
    this.#show(view);
  }

  #show(view: PublishView): void {
    this.bytes = view.bytes;
    this.topicStart = view.topicStart;
    this.topicEnd = view.topicEnd;
    this.propertiesStart = view.propertiesStart;
    this.propertiesEnd = view.propertiesEnd;
    this.payloadStart = view.payloadStart;
    this.payloadEnd = view.payloadEnd;
    this.messageExpiryAt = view.messageExpiryAt;
    this.qos = view.qos;
    this.retain = view.retain;
  }

  /** The same parts with an empty topic, for which an alias stands; valid until the next call. */
  withoutTopic(): PublishParts {
    topicless.bytes = this.bytes;
    topicless.propertiesStart = this.propertiesStart;
    topicless.propertiesEnd = this.propertiesEnd;
    topicless.payloadStart = this.payloadStart;
    topicless.payloadEnd = this.payloadEnd;
    return topicless;
  }

  /** Starts the countdown of Message Expiry Interval, if the message has one. */
  startExpiry(wallMs: number): void {
    if (this.messageExpiryAt < 0) return;
    this.expiresAtMs = wallMs + readUint32(this.bytes, this.messageExpiryAt) * 1000;
  }

  /** Whether its delivery may no longer begin. [MQTT-3.3.2-5] */
  isExpired(wallMs: number): boolean {
    return this.expiresAtMs !== 0 && this.expiresAtMs <= wallMs;
  }

  /**
   * Message Expiry Interval to send, for a message that has one: what was received less the time
   * that it waited here, whatever the wall clock does. [MQTT-3.3.2-6]
   */
  remainingSeconds(wallMs: number): number {
    const seconds = Math.max(0, Math.ceil((this.expiresAtMs - wallMs) / 1000));
    return Math.min(seconds, readUint32(this.bytes, this.messageExpiryAt));
  }

  /** The same message with bytes of its own, made once however many ask for it. */
  kept(): Message {
    if (this.frames === null) return this;
    this.#kept ??= this.copy();
    return this.#kept;
  }

  /** The payload of the {@link kept} message, for all who write it without copying. */
  sharedPayload(): SharedBlock {
    const kept = this.kept();
    kept.#payload ??= new SharedBlock(kept.bytes.subarray(kept.payloadStart, kept.payloadEnd));
    return kept.#payload;
  }

  /** A message with bytes of its own, which is not live. */
  copy(): Message {
    const copy = new Message(false);
    const base = this.topicStart;
    copy.#topic = this.#topic;
    copy.bytes = new Uint8Array(this.payloadEnd - base);
    copy.bytes.set(this.bytes.subarray(base, this.payloadEnd));
    copy.topicStart = 0;
    copy.topicEnd = this.topicEnd - base;
    copy.propertiesStart = this.propertiesStart - base;
    copy.propertiesEnd = this.propertiesEnd - base;
    copy.payloadStart = this.payloadStart - base;
    copy.payloadEnd = this.payloadEnd - base;
    copy.messageExpiryAt = this.messageExpiryAt < 0 ? -1 : this.messageExpiryAt - base;
    copy.qos = this.qos;
    copy.retain = this.retain;
    copy.publisher = this.publisher;
    copy.expiresAtMs = this.expiresAtMs;
    return copy;
  }
}

function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
}
