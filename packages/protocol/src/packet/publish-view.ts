/**
 * PUBLISH without decoding: where its parts are, all rules checked, nothing allocated. One view
 * serves all packets that are read one after the other.
 */

import { truncated } from './field-reader.ts';
import type { ProtocolVersion, QoS } from './packet-type.ts';
import { malformedPacket, protocolViolation } from './protocol-error.ts';
import { scanPublishProperties } from './publish-properties.ts';

const none = new Uint8Array(0);

/** Offsets of the parts of one PUBLISH within `bytes`. Valid until the next {@link PublishView.read}. */
export class PublishView {
  bytes: Uint8Array;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** 0 for QoS 0. */
  packetId: number;
  topicStart: number;
  topicEnd: number;
  /** The properties, without their length. Equal to `propertiesEnd` when there are none. */
  propertiesStart: number;
  propertiesEnd: number;
  payloadStart: number;
  payloadEnd: number;
  /** 0 when absent. */
  topicAlias: number;
  /** Offset of the three bytes of the alias property, or -1. */
  topicAliasAt: number;
  /** Offset of the four bytes of Message Expiry Interval's value, or -1. */
  messageExpiryAt: number;
  /** Offset of Payload Format Indicator's value, or -1. */
  payloadFormatAt: number;
  /** At least one Subscription Identifier: only a server may send that. */
  hasSubscriptionIdentifier: boolean;

  constructor() {
    this.bytes = none;
    this.qos = 0;
    this.retain = false;
    this.dup = false;
    this.packetId = 0;
    this.topicStart = 0;
    this.topicEnd = 0;
    this.propertiesStart = 0;
    this.propertiesEnd = 0;
    this.payloadStart = 0;
    this.payloadEnd = 0;
    this.topicAlias = 0;
    this.topicAliasAt = -1;
    this.messageExpiryAt = -1;
    this.payloadFormatAt = -1;
    this.hasSubscriptionIdentifier = false;
  }

  /**
   * Reads one PUBLISH. The topic's characters are not checked (that is done once per route, with
   * `validateTopicName`); all else is.
   *
   * @param header the packet's first byte
   * @param start offset after the fixed header
   * @param end offset after the packet
   * @throws ProtocolError 0x81 for what cannot be parsed, 0x82 for what the protocol forbids
   */
  read(
    bytes: Uint8Array,
    header: number,
    start: number,
    end: number,
    version: ProtocolVersion,
  ): void {
    const qos = (header >> 1) & 3;
    this.bytes = bytes;
    this.qos = qos as QoS;
    this.retain = (header & 1) !== 0;
    this.dup = (header & 8) !== 0;
    if (start + 2 > end) throw truncated();
    const topicStart = start + 2;
    let position = topicStart + ((bytes[start] << 8) | bytes[start + 1]);
    this.topicStart = topicStart;
    this.topicEnd = position;
    if (qos === 0) {
      // [MQTT-3.3.1-2] DUP is 0 on every QoS 0 message
      if ((header & 8) !== 0) throw malformedPacket('DUP is set on a QoS 0 PUBLISH');
      this.packetId = 0;
    } else {
      // [MQTT-3.3.1-4] QoS bits 11 are not allowed
      if (qos === 3) throw malformedPacket('PUBLISH has QoS 3');
      if (position + 2 > end) throw truncated();
      const packetId = (bytes[position] << 8) | bytes[position + 1];
      // [MQTT-2.2.1-3] a nonzero identifier
      if (packetId === 0) {
        throw protocolViolation('PUBLISH has packet identifier 0');
      }
      this.packetId = packetId;
      position += 2;
    }
    if (version === 5 && !(position < end && bytes[position] === 0)) {
      position = scanPublishProperties(this, position, end);
    } else {
      if (version === 5) position += 1;
      this.propertiesStart = position;
      this.propertiesEnd = position;
      this.topicAlias = 0;
      this.topicAliasAt = -1;
      this.messageExpiryAt = -1;
      this.payloadFormatAt = -1;
      this.hasSubscriptionIdentifier = false;
    }
    if (position > end) throw truncated();
    this.payloadStart = position;
    this.payloadEnd = end;
  }
}
