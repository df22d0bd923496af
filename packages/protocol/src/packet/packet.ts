/** Any packet ⇄ bytes: picks the file of the packet's type. */
import type { AcknowledgementPacket } from './acknowledgement.ts';
import type { AuthPacket } from './auth.ts';
import type { ConnackPacket } from './connack.ts';
import type { ConnectPacket } from './connect.ts';
import type { DisconnectPacket } from './disconnect.ts';
import type { ProtocolVersion } from './packet-type.ts';
import type { PingPacket } from './ping.ts';
import type { PublishPacket } from './publish.ts';
import type { SubackPacket, SubscribePacket } from './subscribe.ts';
import type { UnsubackPacket, UnsubscribePacket } from './unsubscribe.ts';

export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingPacket
  | DisconnectPacket
  | AuthPacket;

/**
 * Decodes one packet whose fixed header has been read.
 *
 * @param header the packet's first byte (type and flags)
 * @param start offset in `bytes` of the first byte after Remaining Length
 * @param end offset after the packet's last byte
 * @param version of this connection; ignored for CONNECT, which names its own
 * @throws ProtocolError when the bytes break the rules of that version
 */
export function decodePacket(
  _bytes: Uint8Array,
  _header: number,
  _start: number,
  _end: number,
  _version: ProtocolVersion,
): Packet {
  throw new Error('to be written');
}

/**
 * Encodes one packet.
 *
 * @param maximumPacketSize bytes that the receiver accepts. Reason String, then User Properties,
 *   are left out of acknowledgements, CONNACK, DISCONNECT and AUTH that would be larger.
 * @returns the whole packet, or null when it cannot be made small enough
 * @throws RangeError when a field is out of its range (a mistake of the caller's)
 */
export function encodePacket(
  _packet: Packet,
  _version: ProtocolVersion,
  _maximumPacketSize?: number,
): Uint8Array | null {
  throw new Error('to be written');
}
