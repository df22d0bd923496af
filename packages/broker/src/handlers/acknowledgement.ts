/** PUBACK, PUBREC, PUBREL and PUBCOMP from a client. */
import { type AcknowledgementPacket, decodePacket, PacketType, ReasonCode } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';

/** The connection's reader stands on an acknowledgement of `type`. */
export function onAcknowledgement(
  connection: Connection,
  type: AcknowledgementPacket['type'],
): void {
  const { reader, version } = connection;
  const { bytes, bodyStart, end } = reader;
  let packetId = 0;
  let reasonCode = 0;
  if (end - bodyStart === 2) packetId = (bytes[bodyStart] << 8) | bytes[bodyStart + 1];
  // Anything but the short form, and what the short form may not hold, goes through the codec.
  if (packetId === 0) {
    const packet = decodePacket(bytes, reader.header, bodyStart, end, version);
    ({ packetId, reasonCode } = packet as AcknowledgementPacket);
  }
  switch (type) {
    case PacketType.puback:
      onPuback(connection, packetId);
      break;
    case PacketType.pubrec:
      onPubrec(connection, packetId, reasonCode);
      break;
    case PacketType.pubrel:
      onPubrel(connection, packetId);
      break;
    default:
      onPubcomp(connection, packetId);
  }
}

/** An identifier that means nothing is a leftover of an earlier session: it changes nothing. */
function onPuback(connection: Connection, packetId: number): void {
  const session = connection.session!;
  if (session.outbound.acknowledge(packetId)) session.advance();
}

function onPubrec(connection: Connection, packetId: number, reasonCode: number): void {
  const session = connection.session!;
  if (!session.outbound.received(packetId, reasonCode)) {
    if (reasonCode < 0x80) {
      connection.acknowledge(PacketType.pubrel, packetId, ReasonCode.packetIdentifierNotFound);
    }
    return;
  }
  // [MQTT-4.3.3-4] [MQTT-4.4.0-2]
  if (reasonCode < 0x80) connection.acknowledge(PacketType.pubrel, packetId, ReasonCode.success);
  else session.advance();
}

/** [MQTT-4.3.3-11] also for an identifier that is not known, saying so */
function onPubrel(connection: Connection, packetId: number): void {
  const known = connection.session!.inbound.release(packetId);
  const reasonCode = known ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
  connection.acknowledge(PacketType.pubcomp, packetId, reasonCode);
}

function onPubcomp(connection: Connection, packetId: number): void {
  const session = connection.session!;
  if (session.outbound.complete(packetId)) session.advance();
}
