/**
 * The properties of a PUBLISH on the hot path: checked by the rules of all properties, offsets of
 * the few that a forwarder needs noted, nothing decoded and nothing allocated.
 */
import { truncated, variableByteIntegerEnd } from './field-reader.ts';
import { PacketType } from './packet-type.ts';
import { scanProperties } from './property-scan.ts';
import type { PublishView } from './publish-view.ts';

/**
 * Checks the properties that begin, with their length, at `position`, and notes in `view` where
 * they are.
 * @returns the offset after them
 * @throws ProtocolError as `scanProperties` does
 */
export function scanPublishProperties(view: PublishView, position: number, limit: number): number {
  const { bytes } = view;
  const start = variableByteIntegerEnd(bytes, position, limit);
  let length = 0;
  for (let at = start - 1; at >= position; at -= 1) length = (length << 7) | (bytes[at] & 0x7f);
  const end = start + length;
  if (end > limit) throw truncated();
  scanProperties(bytes, start, end, PacketType.publish);
  view.propertiesStart = start;
  view.propertiesEnd = end;
  view.topicAlias = 0;
  view.topicAliasAt = -1;
  view.messageExpiryAt = -1;
  view.payloadFormatAt = -1;
  view.hasSubscriptionIdentifier = false;
  for (let at = start; at < end; ) at = note(view, bytes[at], at + 1);
  return end;
}

/** Notes a property that was checked, whose value begins at `at`; returns the offset after it. */
function note(view: PublishView, id: number, at: number): number {
  const { bytes } = view;
  switch (id) {
    case 0x01:
      view.payloadFormatAt = at;
      return at + 1;
    case 0x02:
      view.messageExpiryAt = at;
      return at + 4;
    case 0x0b:
      view.hasSubscriptionIdentifier = true;
      return variableByteIntegerEnd(bytes, at, view.propertiesEnd);
    case 0x23:
      view.topicAlias = (bytes[at] << 8) | bytes[at + 1];
      view.topicAliasAt = at - 1;
      return at + 2;
    case 0x26:
      return skip(bytes, skip(bytes, at));
    default:
      return skip(bytes, at);
  }
}

/** The offset after a string or binary value. */
function skip(bytes: Uint8Array, at: number): number {
  return at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
}
