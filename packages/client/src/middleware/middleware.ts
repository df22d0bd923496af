/** Steps between the program and the engine, around each message in both directions. Types only. */
import type { PublishProperties, QoS } from '@godwit/protocol';
import type { PublishResult } from '../engine/publication.ts';
import type { PublishCallOptions, PublishInit } from '../options.ts';

/** A message on its way out. */
export interface OutboundMessage {
  readonly protocolVersion: 5 | 4 | 3;
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly options: Readonly<PublishInit & PublishCallOptions>;
}

export type PublishNext = (message: OutboundMessage) => Promise<PublishResult>;

/** A message on its way in, before the subscriptions have it; a step may replace what it carries. */
export interface InboundMessage {
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  payload: Uint8Array;
  properties: Readonly<PublishProperties>;
  /**
   * Is done with it instead of passing it on: acknowledges it with 0, or refuses it with a reason
   * code of PUBACK, 0x80 or above.
   */
  finish(reasonCode: number): void;
  /** Calls `listener` when it is done with: acknowledged, or passed on at QoS 0. */
  onDone(listener: (reasonCode: number) => void): void;
}

/**
 * A step around each message. The first of `use` is the outermost: it sees what is published first,
 * and what is received last, so that both ends can list the same steps.
 */
export interface Middleware {
  /**
   * Around each `publish`: calls `next` once, with this message or one made of it. Messages of one
   * client have to reach `next` in the order in which they came.
   */
  publish?(message: OutboundMessage, next: PublishNext): Promise<PublishResult>;
  /**
   * Before each message is delivered: calls `next` once, in the order of arrival, now or later, or
   * else `message.finish`.
   */
  receive?(message: InboundMessage, next: () => void): void;
}
