/** DISCONNECT from a client: its goodbye, or its reason for going without one. */
import { type DisconnectPacket, decodePacket, ProtocolError, ReasonCode } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';

/** The connection's reader stands on a DISCONNECT. */
export function onDisconnect(connection: Connection): void {
  const { reader, version, context } = connection;
  const { bytes, header, bodyStart, end } = reader;
  const packet = decodePacket(bytes, header, bodyStart, end, version) as DisconnectPacket;
  const session = connection.session!;
  const { sessionExpiryInterval, serverReference } = packet.properties ?? {};
  if (serverReference !== undefined) {
    throw new ProtocolError(
      ReasonCode.protocolError,
      'DISCONNECT of a client has a Server Reference',
    );
  }
  if (sessionExpiryInterval !== undefined) {
    // Section 3.14.2.2.2: what CONNECT set to 0 stays 0
    if (session.expirySeconds === 0 && sessionExpiryInterval !== 0) {
      throw new ProtocolError(ReasonCode.protocolError, 'DISCONNECT raises session expiry from 0');
    }
    session.expirySeconds = Math.min(sessionExpiryInterval, context.limits.sessionExpiryMaxSeconds);
  }
  connection.finish(packet.reasonCode);
}
