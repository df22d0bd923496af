/**
 * Writes application messages to one connection: from the frame that all receivers of a layout
 * share where that is possible, else part by part.
 */
import { copyBytes, publishFrameSize, type QoS, writePublishHead } from '@godwit/protocol';
import { layoutOf } from '../routing/frame-cache.ts';
import type { Message } from '../routing/message.ts';
import type { Connection } from './connection.ts';

/** From this many payload bytes on the payload is not copied for each receiver. */
const sharedPayloadBytes = 16_384;

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
  if (frames === null || extra !== null || message.payloadSize >= sharedPayloadBytes) {
    return writeParts(connection, message, header, packetId, extra);
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

function writeParts(
  connection: Connection,
  message: Message,
  header: number,
  packetId: number,
  extra: Uint8Array | null,
): boolean {
  const { withProperties, outbox } = connection;
  const extraBytes = extra === null ? 0 : extra.length;
  const size = publishFrameSize(message, withProperties, packetId !== 0, extraBytes);
  if (size > connection.peerPacketBytesMax) return false;
  const shared = message.payloadSize >= sharedPayloadBytes;
  const headBytes = size - message.payloadSize;
  const at = outbox.claim(shared ? headBytes : size);
  const into = outbox.bytes;
  const end = writePublishHead(into, at, message, header, packetId, withProperties, extra);
  if (withProperties && message.expiresAtMs !== 0) {
    const valueAt = end - (message.propertiesEnd - message.messageExpiryAt);
    writeUint32(into, valueAt, message.remainingSeconds(connection.context.clock.wallMs()));
  }
  if (shared) {
    const kept = message.kept();
    outbox.appendShared(kept.bytes.subarray(kept.payloadStart, kept.payloadEnd));
  } else copyBytes(message.bytes, message.payloadStart, message.payloadEnd, into, end);
  return true;
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
}
