/**
 * PUBLISH from parts that are bytes already: how a broker writes a message it only passes on.
 * A frame's layout depends on two things, the version (5.0 has properties) and whether there is a
 * packet identifier; QoS, DUP and RETAIN are patched into its first byte, the identifier at
 * `packetIdAt`. So one frame serves all receivers of a layout.
 */
import { copyBytes } from './copy-bytes.ts';
import { variableByteIntegerLength, writeVariableByteInteger } from './field-writer.ts';

/** Where the parts of a message are; `PublishView` is one. */
export interface PublishParts {
  readonly bytes: Uint8Array;
  readonly topicStart: number;
  readonly topicEnd: number;
  /** Encoded properties without their length, without Topic Alias, without identifiers. */
  readonly propertiesStart: number;
  readonly propertiesEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** Remaining Length of the frame; `extraBytes` are properties to be added. */
function remainingLength(
  parts: PublishParts,
  withProperties: boolean,
  withPacketId: boolean,
  extraBytes: number,
): number {
  let length = 2 + parts.topicEnd - parts.topicStart + parts.payloadEnd - parts.payloadStart;
  if (withPacketId) length += 2;
  if (withProperties) {
    const propertyBytes = parts.propertiesEnd - parts.propertiesStart + extraBytes;
    length += variableByteIntegerLength(propertyBytes) + propertyBytes;
  }
  return length;
}

/** Bytes of the whole frame. */
export function publishFrameSize(
  parts: PublishParts,
  withProperties: boolean,
  withPacketId: boolean,
  extraBytes: number,
): number {
  const length = remainingLength(parts, withProperties, withPacketId, extraBytes);
  return 1 + variableByteIntegerLength(length) + length;
}

/** Offset of the packet identifier in a frame that begins at `start`. */
export function packetIdOffset(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (bytes[at] >= 0x80) at += 1;
  return at + 3 + ((bytes[at + 1] << 8) | bytes[at + 2]);
}

/**
 * Writes all of a frame but its payload.
 *
 * @param header first byte: type, DUP, QoS and RETAIN
 * @param packetId 0 for a frame without one (QoS 0)
 * @param extra encoded properties to put before the message's own, or null
 * @returns the offset where the payload belongs
 */
export function writePublishHead(
  into: Uint8Array,
  start: number,
  parts: PublishParts,
  header: number,
  packetId: number,
  withProperties: boolean,
  extra: Uint8Array | null,
): number {
  const extraBytes = extra === null ? 0 : extra.length;
  into[start] = header;
  const length = remainingLength(parts, withProperties, packetId !== 0, extraBytes);
  let at = writeVariableByteInteger(into, start + 1, length);
  const topicLength = parts.topicEnd - parts.topicStart;
  into[at] = topicLength >> 8;
  into[at + 1] = topicLength;
  at += 2;
  copyBytes(parts.bytes, parts.topicStart, parts.topicEnd, into, at);
  at += topicLength;
  if (packetId !== 0) {
    into[at] = packetId >> 8;
    into[at + 1] = packetId;
    at += 2;
  }
  if (withProperties) {
    const ownBytes = parts.propertiesEnd - parts.propertiesStart;
    at = writeVariableByteInteger(into, at, ownBytes + extraBytes);
    if (extra !== null) {
      into.set(extra, at);
      at += extraBytes;
    }
    copyBytes(parts.bytes, parts.propertiesStart, parts.propertiesEnd, into, at);
    at += ownBytes;
  }
  return at;
}
