/** What each packet of a connection leads to: the one place that knows all handlers. */
import { decodePacket, PacketType, ProtocolError, ReasonCode } from '@godwit/protocol';
import { type Connection, type ConnectionHandlers, Phase } from '../connection/connection.ts';
import { FastLane } from '../connection/fast-lane.ts';
import type { Context } from '../context.ts';
import type { PendingWill } from '../session/will.ts';
import { onAcknowledgement } from './acknowledgement.ts';
import { ConnectHandler } from './connect.ts';
import { onDisconnect } from './disconnect.ts';
import { PublishHandler } from './publish.ts';
import { onSubscribe, onUnsubscribe } from './subscribe.ts';

const pingresp = new Uint8Array([PacketType.pingresp << 4, 0]);

/** Builds the handlers that all connections of a broker share. */
export function packetHandlers(
  context: Context,
  publishWill: (will: PendingWill) => void,
): Omit<ConnectionHandlers, 'onClosed'> {
  const lane = new FastLane(context.metrics, context.load);
  const connect = new ConnectHandler(context, publishWill);
  const publish = new PublishHandler(context, lane);
  return {
    onPublish: connection => publish.onPublish(connection),
    onPublishRefused: connection => publish.onRefused(connection),
    onPacket(connection) {
      lane.flush();
      return connection.phase === Phase.connecting
        ? connect.onConnecting(connection)
        : onOpenPacket(connection, connect);
    },
    onChunkEnd: () => lane.flush(),
    onGone(connection) {
      lane.flush();
      onGone(context, connection);
    },
  };
}

function onOpenPacket(connection: Connection, connect: ConnectHandler): void | Promise<void> {
  const type = (connection.reader.header >> 4) as PacketType;
  switch (type) {
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      onAcknowledgement(connection, type);
      return undefined;
    case PacketType.subscribe:
      return onSubscribe(connection);
    case PacketType.unsubscribe:
      return onUnsubscribe(connection);
    case PacketType.pingreq:
      onPing(connection);
      return undefined;
    case PacketType.disconnect:
      onDisconnect(connection);
      return undefined;
    case PacketType.auth:
      return connect.onAuth(connection);
    default:
      // [MQTT-3.1.0-2] a second CONNECT; what only a server sends
      throw new ProtocolError(ReasonCode.protocolError, `packet type ${type} is out of place`);
  }
}

/** [MQTT-3.12.4-1] */
function onPing(connection: Connection): void {
  const { bytes, header, bodyStart, end } = connection.reader;
  decodePacket(bytes, header, bodyStart, end, connection.version);
  connection.outbox.append(pingresp, 0, pingresp.length);
}

/** [MQTT-3.14.4-3] only DISCONNECT with 0x00 takes the will back */
function onGone(context: Context, connection: Connection): void {
  const { session, reasonCode, closedByClient } = connection;
  if (session === null) return;
  const isGoodbye = closedByClient && reasonCode === ReasonCode.normalDisconnection;
  const { sessions, hooks, admission } = context;
  admission.exit(connection.client);
  sessions.disconnected(session, connection, isGoodbye);
  try {
    hooks.onDisconnect?.(connection.client, { reasonCode, byClient: closedByClient });
  } catch (error) {
    // There is no packet to answer, and the connection is over as it is.
    const fault = ReasonCode.implementationSpecificError;
    hooks.onProtocolError?.(connection.client, fault, String(error));
  }
}
