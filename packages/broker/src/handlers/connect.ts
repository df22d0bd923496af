/** CONNECT: who it is, whether they are welcome, which session is theirs, what we agree on. */
import {
  type ConnackPacket,
  type ConnackProperties,
  type ConnectPacket,
  decodePacket,
  OutboundAliases,
  PacketType,
  ProtocolError,
  ReasonCode,
  serverKeepAlive,
} from '@godwit/protocol';
import type { AuthSuccess } from '../auth-method.ts';
import { type Connection, Phase } from '../connection/connection.ts';
import type { Context } from '../context.ts';
import { declareFeatures } from '../features.ts';
import type { AuthenticateAnswer, ConnectRefusal, PublishAnswer, Welcome } from '../hooks.ts';
import { neverExpires, type Session } from '../session/session.ts';
import { PendingWill } from '../session/will.ts';
import { checkedRefusal, isPending, refusalOf, withinTime } from './answers.ts';
import { AuthHandler } from './auth.ts';
import { onDisconnect } from './disconnect.ts';
import { losesSubscriptions } from './reauthorize.ts';
import { willRefusal } from './will-refusal.ts';

/** Absent Receive Maximum means this. */
const receiveMaximumDefault = 65_535;
const assignedIdBytes = 16;

/** What CONNACK says beside what was agreed on. */
type Admission = Welcome & Pick<AuthSuccess, 'data'>;

/** A hook has not answered. */
const unavailable: ConnectRefusal = { reasonCode: ReasonCode.serverUnavailable };

const plainWelcome: Admission = { reasonCode: ReasonCode.success };

/** Handles the packets of each connection up to CONNACK, and its authentication ever after. */
export class ConnectHandler {
  readonly #context: Context;
  readonly #publishWill: (will: PendingWill) => void;
  readonly #auth: AuthHandler;

  constructor(context: Context, publishWill: (will: PendingWill) => void) {
    this.#context = context;
    this.#publishWill = publishWill;
    this.#auth = new AuthHandler(context, (connection, packet, success) =>
      this.#admit(connection, packet, success),
    );
  }

  /** The connection's reader stands on a packet that came before CONNACK went. */
  onConnecting(connection: Connection): void | Promise<void> {
    if (connection.authentication === null) return this.#onConnect(connection);
    switch (connection.reader.header >> 4) {
      case PacketType.auth:
        return this.#auth.onAuth(connection);
      case PacketType.disconnect:
        onDisconnect(connection);
        return undefined;
      default:
        // [MQTT-3.1.2-30]
        throw new ProtocolError(ReasonCode.protocolError, 'neither AUTH nor DISCONNECT');
    }
  }

  /** The reader of an open connection stands on an AUTH. */
  onAuth(connection: Connection): void | Promise<void> {
    return this.#auth.onAuth(connection);
  }

  #onConnect(connection: Connection): void | Promise<void> {
    const { reader } = connection;
    // [MQTT-3.1.0-1]
    if (reader.header >> 4 !== PacketType.connect) {
      throw new ProtocolError(ReasonCode.protocolError, 'the first packet is not CONNECT');
    }
    const { bytes, header, bodyStart, end } = reader;
    const packet = decodePacket(bytes, header, bodyStart, end, 5) as ConnectPacket;
    this.#adopt(connection, packet);
    const refusal = connection.ticket.refusal || this.#refusal(connection, packet);
    if (refusal !== 0) {
      connection.refuse(refusal);
      return undefined;
    }
    const method = packet.properties?.authenticationMethod;
    return method === undefined
      ? this.#authenticate(connection, packet)
      : this.#auth.onConnect(connection, packet, method);
  }

  /** Takes over from CONNECT what holds for the connection whatever comes of it. */
  #adopt(connection: Connection, packet: ConnectPacket): void {
    const { protocolVersion, properties } = packet;
    const { remoteAddress, remotePort, peerCertificate } = connection.client;
    connection.version = protocolVersion;
    connection.withProperties = protocolVersion === 5;
    connection.reader.version = protocolVersion;
    const aliasMaximum = Math.min(
      properties?.topicAliasMaximum ?? 0,
      this.#context.limits.outboundTopicAliasMaximum,
    );
    if (aliasMaximum > 0) connection.outboundAliases = new OutboundAliases(aliasMaximum);
    connection.peerPacketBytesMax = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    connection.wantsProblemInformation = properties?.requestProblemInformation ?? true;
    connection.client = {
      clientId: packet.clientId === '' ? this.#newClientId() : packet.clientId,
      username: packet.username,
      protocolVersion,
      remoteAddress,
      remotePort,
      peerCertificate,
    };
  }

  /** The reason code to refuse this CONNECT with, 0 for none. */
  #refusal({ client }: Connection, packet: ConnectPacket): number {
    const { protocolVersion, clientId, cleanStart, will } = packet;
    if (this.#context.admission.isBanned(client)) return ReasonCode.banned;
    if (clientId === '') {
      // 3.1 has no empty identifiers; 3.1.1 allows them with Clean Session only
      if (protocolVersion === 3) return ReasonCode.clientIdentifierNotValid;
      if (protocolVersion === 4 && !cleanStart) return ReasonCode.clientIdentifierNotValid;
    }
    return will === undefined ? 0 : willRefusal(will, this.#context);
  }

  #authenticate(connection: Connection, packet: ConnectPacket): void | Promise<void> {
    const { hooks } = this.#context;
    const { client } = connection;
    if (hooks.authenticate === undefined) {
      return this.#authorizeWill(connection, packet, plainWelcome);
    }
    const asked = hooks.authenticate({
      ...client,
      password: packet.password,
      cleanStart: packet.cleanStart,
      userProperties: packet.properties?.userProperties ?? [],
    });
    const answer = withinTime(this.#context, asked, unavailable);
    const decided = (verdict: AuthenticateAnswer): void | Promise<void> => {
      if (verdict === true) return this.#authorizeWill(connection, packet, plainWelcome);
      if (verdict.reasonCode === ReasonCode.success) {
        return this.#admit(connection, packet, verdict);
      }
      const refusal = checkedRefusal(verdict, PacketType.connack);
      this.#context.metrics.authenticationsRefused += 1;
      connection.refuse(refusal.reasonCode, refusal);
      return undefined;
    };
    return isPending(answer) ? answer.then(decided) : decided(answer);
  }

  #admit(
    connection: Connection,
    packet: ConnectPacket,
    admission: Admission,
  ): void | Promise<void> {
    const { client } = connection;
    const { username = client.username, identity } = admission;
    if (username !== client.username || identity !== undefined) {
      connection.client = { ...client, username, identity };
    }
    return this.#authorizeWill(connection, packet, admission);
  }

  #authorizeWill(
    connection: Connection,
    packet: ConnectPacket,
    admission: Admission,
  ): void | Promise<void> {
    const { hooks } = this.#context;
    const { will } = packet;
    if (will === undefined || hooks.authorizePublish === undefined) {
      this.#welcome(connection, packet, admission);
      return undefined;
    }
    const decided = (answer: PublishAnswer): void => {
      const refusal = refusalOf(answer, PacketType.connack);
      if (refusal === null) this.#welcome(connection, packet, admission);
      else connection.refuse(refusal.reasonCode, refusal);
    };
    const asked = hooks.authorizePublish(connection.client, will);
    const answer = withinTime(this.#context, asked, unavailable);
    return isPending(answer) ? answer.then(decided) : decided(answer);
  }

  #welcome(connection: Connection, packet: ConnectPacket, admission: Admission): void {
    // The client may have gone while we asked.
    if (connection.phase !== Phase.connecting) return;
    const { limits, hooks, durability, clock } = this.#context;
    // What let the client in may have been taken back while somebody else was asked.
    if (hooks.isStillWelcome?.(connection.client) === false) {
      this.#context.metrics.authenticationsRefused += 1;
      connection.refuse(ReasonCode.notAuthorized);
      return;
    }
    const expirySeconds = this.#expirySeconds(packet);
    if (!this.#hasRoom(connection, expirySeconds)) {
      connection.refuse(ReasonCode.quotaExceeded);
      return;
    }
    const connack: ConnackPacket = {
      type: PacketType.connack,
      sessionPresent: false,
      reasonCode: ReasonCode.success,
    };
    let keepAlive = packet.keepAlive;
    if (connection.withProperties) {
      const imposed = serverKeepAlive(keepAlive, limits.keepAliveMaxSeconds);
      connack.properties = {
        ...this.#agreement(connection, packet, expirySeconds, imposed),
        ...this.#addition(connection, packet, admission),
      };
      keepAlive = imposed ?? keepAlive;
    }
    // [MQTT-3.1.2-24] found out before anything is changed for the sake of this client
    if (!connection.takes(connack)) {
      connection.refuse(ReasonCode.packetTooLarge);
      return;
    }
    const refusal = this.#enter(connection);
    if (refusal !== 0) {
      connection.refuse(refusal);
      return;
    }
    const { session, isResumed } = this.#session(connection, packet, expirySeconds);
    connection.session = session;
    session.expirySeconds = expirySeconds;
    if (packet.will !== undefined) {
      session.will = new PendingWill(session, packet.will, connection.client, this.#publishWill);
      session.will.record(0);
    }
    // 3.1 has no Session Present
    connack.sessionPresent = isResumed && packet.protocolVersion !== 3;
    connection.phase = Phase.open;
    connection.reader.maximumPacketSize = limits.packetBytesMax;
    connection.send(connack);
    connection.startKeepAlive(keepAlive);
    connection.permitUntil(admission.expiresAtMs);
    // What a session has subscribed to may have been allowed at another time, or to another user.
    void losesSubscriptions(connection);
    session.attach(connection, packet.properties?.receiveMaximum ?? receiveMaximumDefault);
    if (session.durable !== null) durability!.records.putSession(session, clock.wallMs());
    hooks.onConnect?.(connection.client, isResumed);
  }

  /** The reason code to refuse a client with that would be welcome, 0 for none. */
  #enter({ client }: Connection): number {
    const { sessions, admission } = this.#context;
    const other = sessions.get(client.clientId)?.connection?.client;
    return admission.enter(client, other !== undefined && other.username === client.username);
  }

  /** Whether a session for this client is there or may be made. */
  #hasRoom({ client }: Connection, expirySeconds: number): boolean {
    const { sessions, limits, durability } = this.#context;
    if (sessions.get(client.clientId) !== undefined) return true;
    if (expirySeconds > 0 && durability?.isFull) return false;
    return sessions.size < limits.sessionsMax;
  }

  /** Seconds that the session is to outlive its connection. [MQTT-3.1.2-23] */
  #expirySeconds(packet: ConnectPacket): number {
    const { sessionExpiryMaxSeconds } = this.#context.limits;
    let wanted = packet.properties?.sessionExpiryInterval ?? 0;
    if (packet.protocolVersion !== 5) wanted = packet.cleanStart ? 0 : neverExpires;
    return Math.min(wanted, sessionExpiryMaxSeconds);
  }

  /** Finds or makes the session, ending whatever connection it has. [MQTT-3.1.4-3] */
  #session(
    connection: Connection,
    packet: ConnectPacket,
    expirySeconds: number,
  ): { session: Session; isResumed: boolean } {
    const { sessions, metrics, durability } = this.#context;
    const { clientId } = connection.client;
    const current = sessions.get(clientId);
    if (current !== undefined && current.connection !== null) {
      metrics.takeovers += 1;
      // May end the session, and publishes its will if that is due without waiting.
      current.connection.disconnect(ReasonCode.sessionTakenOver);
    }
    const stored = sessions.get(clientId);
    if (stored !== undefined && !packet.cleanStart) {
      sessions.resumed(stored);
      return { session: stored, isResumed: true };
    }
    // [MQTT-3.1.2-4]
    const isDurable = expirySeconds > 0 && durability !== null;
    if (stored !== undefined) sessions.end(stored, isDurable);
    const session = sessions.create(this.#context, clientId, expirySeconds);
    if (isDurable) durability.begin(session);
    return { session, isResumed: false };
  }

  /** What CONNACK states: only what differs from what the client asked for or may assume. */
  #agreement(
    connection: Connection,
    packet: ConnectPacket,
    expirySeconds: number,
    keepAlive: number | undefined,
  ): ConnackProperties {
    const { limits } = this.#context;
    const properties: ConnackProperties = {};
    if (packet.clientId === '') properties.assignedClientIdentifier = connection.client.clientId;
    if (expirySeconds !== (packet.properties?.sessionExpiryInterval ?? 0)) {
      properties.sessionExpiryInterval = expirySeconds;
    }
    if (limits.receiveMaximum !== receiveMaximumDefault) {
      properties.receiveMaximum = limits.receiveMaximum;
    }
    if (limits.maximumQoS !== 2) properties.maximumQoS = limits.maximumQoS;
    if (limits.packetBytesMax < 268_435_460) properties.maximumPacketSize = limits.packetBytesMax;
    if (limits.topicAliasMaximum !== 0) properties.topicAliasMaximum = limits.topicAliasMaximum;
    if (keepAlive !== undefined) properties.serverKeepAlive = keepAlive;
    declareFeatures(this.#context.features, properties);
    return properties;
  }

  /** What CONNACK says on behalf of whoever let the client in. */
  #addition(
    connection: Connection,
    packet: ConnectPacket,
    { responseInformation, userProperties, data }: Admission,
  ): ConnackProperties {
    const properties: ConnackProperties = { userProperties };
    // [MQTT-3.1.2-28]
    if (packet.properties?.requestResponseInformation === true) {
      properties.responseInformation = responseInformation;
    }
    // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
    if (connection.authentication !== null) {
      properties.authenticationMethod = connection.authentication.method.name;
      properties.authenticationData = data;
    }
    return properties;
  }

  #newClientId(): string {
    const bytes = this.#context.random.bytes(assignedIdBytes);
    return `godwit-${Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')}`;
  }
}
