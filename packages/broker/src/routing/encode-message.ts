/** Messages that did not arrive as a PUBLISH: wills, and what the broker's owner publishes. */
import {
  encodePacket,
  FrameReader,
  PacketType,
  type PublishPacket,
  type PublishProperties,
  PublishView,
  type QoS,
} from '@godwit/protocol';
import { Message } from './message.ts';

/** A message from its fields. */
export interface MessageInit {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>;
}

const anyPacketId = 1;

/**
 * Encodes a message once, as 5.0, for whoever gets it.
 * @throws RangeError when a field is out of its range
 */
export function encodeMessage(init: MessageInit, publisher: string): Message {
  const packet: PublishPacket = {
    type: PacketType.publish,
    topic: init.topic,
    payload: init.payload,
    qos: init.qos,
    retain: init.retain,
    dup: false,
    packetId: init.qos === 0 ? 0 : anyPacketId,
    properties: init.properties,
  };
  const bytes = encodePacket(packet, 5);
  if (bytes === null) throw new RangeError('message is larger than a packet may be');
  const reader = new FrameReader(bytes.length);
  reader.push(bytes);
  reader.next();
  const view = new PublishView();
  view.read(bytes, reader.header, reader.bodyStart, reader.end, 5);
  const message = new Message(true);
  message.setView(view, init.topic, publisher, 0, true);
  return message;
}
