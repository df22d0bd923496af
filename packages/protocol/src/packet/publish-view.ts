/**
 * PUBLISH without decoding: where its parts are, all rules checked, nothing allocated. One view
 * serves a connection for life.
 */
import type { ProtocolVersion, QoS } from './packet-type.ts';

/** Offsets of the parts of one PUBLISH within `bytes`. Valid until the next {@link PublishView.read}. */
export class PublishView {
  bytes: Uint8Array = new Uint8Array(0);
  qos: QoS = 0;
  retain = false;
  dup = false;
  packetId = 0;
  topicStart = 0;
  topicEnd = 0;
  /** The properties, without their length. Equal to `propertiesEnd` when there are none. */
  propertiesStart = 0;
  propertiesEnd = 0;
  payloadStart = 0;
  payloadEnd = 0;
  /** 0 when absent. */
  topicAlias = 0;
  /** Offset of the three bytes of the alias property, or -1. */
  topicAliasAt = -1;
  /** Offset of the four bytes of the interval's value, or -1. */
  messageExpiryAt = -1;
  /** Offset of the property Payload Format Indicator's value, or -1. */
  payloadFormatAt = -1;
  /** The packet carries at least one Subscription Identifier: only a server may send that. */
  hasSubscriptionIdentifier = false;

  /**
   * Reads one PUBLISH. The topic's characters are not checked (that is done once per route, with
   * `validateTopicName`); all else is.
   * @throws ProtocolError
   */
  read(
    _bytes: Uint8Array,
    _header: number,
    _start: number,
    _end: number,
    _version: ProtocolVersion,
  ): void {
    throw new Error('to be written');
  }
}
