/**
 * Writes application messages to one connection: from the frame that all receivers of a layout
 * share where that is possible, else part by part.
 */
import {
  copyBytes,
  type OutboundAliases,
  publishFrameSize,
  type QoS,
  writePublishHead,
} from '@godwit/protocol';
import { layoutOf } from '../routing/frame-cache.ts';
import type { Message } from '../routing/message.ts';
import type { Connection } from './connection.ts';

/** From this many payload bytes on the payload is not copied for each receiver. */
const sharedPayloadBytes = 16_384;
const topicAliasId = 0x23;

/** First byte of a PUBLISH. */
export function publishHeader(qos: QoS, retain: boolean, dup: boolean): number {
  return 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
}

/**
 * Appends a PUBLISH to the connection's outbox.
 *
 * @param header as {@link publishHeader} makes it
 * @param packetId 0 for QoS 0
 * @param identifiers encoded Subscription Identifiers, or null; left out before 5.0
 * @returns false when the packet is larger than the client takes: nothing was written
 *   [MQTT-3.1.2-24]
 */
export function writePublish(
  connection: Connection,
  message: Message,
  header: number,
  packetId: number,
  identifiers: Uint8Array | null,
): boolean {
  const { frames } = message;
  const { withProperties, outbox } = connection;
  const extra = withProperties ? identifiers : null;
  if (connection.outboundAliases !== null) {
    return writeAliased(connection, connection.outboundAliases, message, header, packetId, extra);
  }
  if (frames === null || extra !== null || message.payloadSize >= sharedPayloadBytes) {
    return writeParts(connection, message, header, packetId, extra, true);
  }
  const layout = layoutOf(withProperties, packetId !== 0);
  if (frames.bytes[layout] === null) frames.require(layout, message);
  const start = frames.start[layout];
  const size = frames.end[layout] - start;
  if (size > connection.peerPacketBytesMax) return false;
  const at = outbox.claim(size);
  const into = outbox.bytes;
  copyBytes(frames.bytes[layout]!, start, start + size, into, at);
  into[at] = header;
  if (packetId !== 0) {
    const idAt = at + frames.packetIdAt[layout] - start;
    into[idAt] = packetId >> 8;
    into[idAt + 1] = packetId;
  }
  return true;
}

/** A client that takes Topic Aliases gets one for a topic that comes again. [MQTT-3.1.2-26] */
function writeAliased(
  connection: Connection,
  aliases: OutboundAliases<string>,
  message: Message,
  header: number,
  packetId: number,
  identifiers: Uint8Array | null,
): boolean {
  const alias = aliases.assign(message.topic);
  if (alias === 0) return writeParts(connection, message, header, packetId, identifiers, true);
  const { isNew } = aliases;
  const extra = aliasProperty(alias, identifiers);
  const isWritten = writeParts(connection, message, header, packetId, extra, isNew);
  if (!isWritten && isNew) aliases.forget(message.topic);
  return isWritten;
}

/** Room for a Topic Alias property that stands alone: written out before the next is made. */
const loneAlias = new Uint8Array(3);

function aliasProperty(alias: number, identifiers: Uint8Array | null): Uint8Array {
  const bytes = identifiers === null ? loneAlias : new Uint8Array(3 + identifiers.length);
  bytes[0] = topicAliasId;
  bytes[1] = alias >> 8;
  bytes[2] = alias;
  if (identifiers !== null) bytes.set(identifiers, 3);
  return bytes;
}

function writeParts(
  connection: Connection,
  message: Message,
  header: number,
  packetId: number,
  extra: Uint8Array | null,
  withTopic: boolean,
): boolean {
  const { withProperties, outbox } = connection;
  const extraBytes = extra === null ? 0 : extra.length;
  const parts = withTopic ? message : message.withoutTopic();
  const size = publishFrameSize(parts, withProperties, packetId !== 0, extraBytes);
  if (size > connection.peerPacketBytesMax) return false;
  const shared = message.payloadSize >= sharedPayloadBytes;
  const headBytes = size - message.payloadSize;
  const at = outbox.claim(shared ? headBytes : size);
  const into = outbox.bytes;
  const end = writePublishHead(into, at, parts, header, packetId, withProperties, extra);
  if (withProperties && message.expiresAtMs !== 0) {
    const valueAt = end - (message.propertiesEnd - message.messageExpiryAt);
    writeUint32(into, valueAt, message.remainingSeconds(connection.context.clock.wallMs()));
  }
  if (shared) outbox.appendShared(message.sharedPayload());
  else copyBytes(message.bytes, message.payloadStart, message.payloadEnd, into, end);
  return true;
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
