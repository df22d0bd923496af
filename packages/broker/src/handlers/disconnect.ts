/** DISCONNECT from a client: its goodbye, or its reason for going without one. */
import { type DisconnectPacket, decodePacket, ProtocolError, ReasonCode } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';

/** The connection's reader stands on a DISCONNECT. */
export function onDisconnect(connection: Connection): void {
  const { reader, version, context } = connection;
  const { bytes, header, bodyStart, end } = reader;
  const packet = decodePacket(bytes, header, bodyStart, end, version) as DisconnectPacket;
  const { session } = connection;
  const { sessionExpiryInterval, serverReference } = packet.properties ?? {};
  if (serverReference !== undefined) {
    throw new ProtocolError(
      ReasonCode.protocolError,
      'DISCONNECT of a client has a Server Reference',
    );
  }
  // There is no session yet where a client gives up in the midst of proving who it is.
  if (sessionExpiryInterval !== undefined && session !== null) {
    // Section 3.14.2.2.2: what CONNECT, not our limit, set to 0 stays 0
    const { sessionExpiryMaxSeconds } = context.limits;
    const wasZero = session.expirySeconds === 0 && sessionExpiryMaxSeconds !== 0;
    if (wasZero && sessionExpiryInterval !== 0) {
      throw new ProtocolError(ReasonCode.protocolError, 'DISCONNECT raises session expiry from 0');
    }
    session.expirySeconds = Math.min(sessionExpiryInterval, sessionExpiryMaxSeconds);
  }
  connection.finish(packet.reasonCode);
}
