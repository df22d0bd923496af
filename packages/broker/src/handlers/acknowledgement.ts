/** PUBACK, PUBREC, PUBREL and PUBCOMP from a client. */
import { type AcknowledgementPacket, decodePacket, PacketType, ReasonCode } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../session/session.ts';

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
  const session = connection.session!;
  switch (type) {
    case PacketType.puback:
      session.acknowledged(packetId);
      break;
    case PacketType.pubrec:
      session.received(packetId, reasonCode);
      break;
    case PacketType.pubrel:
      onPubrel(connection, session, packetId);
      break;
    default:
      session.completed(packetId);
  }
}

/** [MQTT-4.3.3-11] also for an identifier that is not known, saying so */
function onPubrel(connection: Connection, session: Session, packetId: number): void {
  const { durable } = session;
  const isKnown = session.inbound.release(packetId);
  const reasonCode = isKnown ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
  const complete = (): void => connection.acknowledge(PacketType.pubcomp, packetId, reasonCode);
  if (durable === null || !durable.inboundReleased(packetId)) complete();
  else {
    // Sent before that, a message with the same identifier could be taken for this one.
    durable.settle(() => {
      if (session.connection === connection) complete();
    });
  }
}
