/**
 * Enhanced authentication (section 4.12): carries data between a client and the method it chose,
 * before CONNACK and again whenever the client wishes. What the data means is the method's.
 */
import {
  type AuthPacket,
  type AuthProperties,
  type ConnectPacket,
  decodePacket,
  isReasonCodeOf,
  PacketType,
  ProtocolError,
  ReasonCode,
} from '@godwit/protocol';
import type { AuthMethod, AuthRequest, AuthStep, AuthSuccess } from '../auth-method.ts';
import { Authentication } from '../connection/authentication.ts';
import { type Connection, Phase } from '../connection/connection.ts';
import type { Context } from '../context.ts';
import type { ConnectRefusal } from '../hooks.ts';
import { checkedRefusal, isPending, withinTime } from './answers.ts';
import { losesSubscriptions } from './reauthorize.ts';

/** Of the method that was asked. */
const noAnswer: ConnectRefusal = { reasonCode: ReasonCode.serverUnavailable };

/** Goes on with a CONNECT whose client has proved who it is. */
type Admit = (
  connection: Connection,
  packet: ConnectPacket,
  success: AuthSuccess,
) => void | Promise<void>;

export class AuthHandler {
  readonly #context: Context;
  readonly #methods: ReadonlyMap<string, AuthMethod>;
  readonly #admit: Admit;

  constructor(context: Context, admit: Admit) {
    const { authMethods = [] } = context.hooks;
    this.#context = context;
    this.#methods = new Map(authMethods.map(method => [method.name, method]));
    if (this.#methods.size < authMethods.length) {
      throw new RangeError('hooks.authMethods: two of them have one name');
    }
    this.#admit = admit;
  }

  /** CONNECT names `methodName`. */
  onConnect(
    connection: Connection,
    packet: ConnectPacket,
    methodName: string,
  ): void | Promise<void> {
    const method = this.#methods.get(methodName);
    if (method === undefined) {
      // [MQTT-4.12.0-1]
      connection.refuse(ReasonCode.badAuthenticationMethod);
      return undefined;
    }
    const { userProperties, authenticationData } = packet.properties!;
    const authentication = new Authentication(method, packet);
    connection.authentication = authentication;
    authentication.exchange = method.begin(requestOf(connection, userProperties));
    return this.#step(connection, authentication, authenticationData);
  }

  /** The connection's reader stands on an AUTH, before CONNACK or after. */
  onAuth(connection: Connection): void | Promise<void> {
    const { bytes, header, bodyStart, end } = connection.reader;
    const packet = decodePacket(bytes, header, bodyStart, end, connection.version) as AuthPacket;
    const { authentication } = connection;
    // [MQTT-4.12.0-7]
    if (authentication === null) {
      throw new ProtocolError(ReasonCode.protocolError, 'AUTH without a method in CONNECT');
    }
    // [MQTT-4.12.0-5] [MQTT-4.12.1-1]
    if (packet.properties?.authenticationMethod !== authentication.method.name) {
      throw new ProtocolError(ReasonCode.protocolError, 'AUTH is not of the method of CONNECT');
    }
    // [MQTT-4.12.0-3] [MQTT-4.12.1-1] a second re-authentication has to wait for the first
    const isBegun = authentication.exchange !== null;
    const due = isBegun ? ReasonCode.continueAuthentication : ReasonCode.reAuthenticate;
    if (packet.reasonCode !== due) {
      throw new ProtocolError(
        ReasonCode.protocolError,
        `AUTH has ${packet.reasonCode}, not ${due}`,
      );
    }
    const { userProperties, authenticationData } = packet.properties!;
    if (!isBegun) {
      authentication.challenges = 0;
      authentication.exchange = authentication.method.begin(requestOf(connection, userProperties));
    }
    return this.#step(connection, authentication, authenticationData);
  }

  #step(
    connection: Connection,
    authentication: Authentication,
    data: Uint8Array | undefined,
  ): void | Promise<void> {
    const step = withinTime<AuthStep>(this.#context, authentication.exchange!.next(data), noAnswer);
    const answered = (answer: AuthStep): void | Promise<void> =>
      // The client may have gone while we asked.
      connection.phase < Phase.closing
        ? this.#answer(connection, authentication, answer)
        : undefined;
    return isPending(step) ? step.then(answered) : answered(step);
  }

  #answer(
    connection: Connection,
    authentication: Authentication,
    step: AuthStep,
  ): void | Promise<void> {
    switch (step.reasonCode) {
      case ReasonCode.success:
        return this.#succeed(connection, authentication, step);
      case ReasonCode.continueAuthentication:
        if (authentication.challenges === this.#context.limits.authChallengesMax) {
          return this.#refuse(connection, { reasonCode: ReasonCode.notAuthorized });
        }
        authentication.challenges += 1;
        // [MQTT-4.12.0-2]
        return this.#send(connection, authentication, step);
      default:
        return this.#refuse(connection, checkedRefusal(step, PacketType.connack));
    }
  }

  #succeed(
    connection: Connection,
    authentication: Authentication,
    success: AuthSuccess,
  ): void | Promise<void> {
    const { connect } = authentication;
    if (typeof success.username !== 'string') {
      throw new TypeError(`${authentication.method.name}: success without username`);
    }
    authentication.exchange = null;
    authentication.connect = null;
    if (connect !== null) return this.#admit(connection, connect, success);
    // What it may do, and what it has subscribed to, is another's.
    if (success.username !== connection.client.username) {
      return this.#refuse(connection, { reasonCode: ReasonCode.notAuthorized });
    }
    // Who proves anew who it is may have been given or denied permissions.
    const { client } = connection;
    connection.client = { ...client, identity: success.identity };
    connection.permitUntil(success.expiresAtMs);
    const answered = (isLost: boolean): void =>
      isLost
        ? this.#refuse(connection, { reasonCode: ReasonCode.notAuthorized })
        : this.#send(connection, authentication, success);
    const lost = losesSubscriptions(connection);
    return isPending(lost) ? lost.then(answered) : answered(lost);
  }

  /** Sends AUTH. [MQTT-4.12.0-5] */
  #send(
    connection: Connection,
    { method }: Authentication,
    step: Exclude<AuthStep, ConnectRefusal>,
  ): void {
    const { reasonCode, data } = step;
    const properties: AuthProperties = {
      authenticationMethod: method.name,
      authenticationData: data,
      ...connection.explanation(step),
    };
    // [MQTT-3.1.2-24]
    const isSent = connection.send({ type: PacketType.auth, reasonCode, properties });
    if (!isSent) this.#refuse(connection, { reasonCode: ReasonCode.packetTooLarge });
  }

  /** [MQTT-4.12.0-4] before CONNACK, [MQTT-4.12.1-2] after it */
  #refuse(connection: Connection, refusal: ConnectRefusal): void {
    this.#context.metrics.authenticationsRefused += 1;
    const { reasonCode } = refusal;
    if (connection.phase === Phase.connecting) connection.refuse(reasonCode, refusal);
    else if (isReasonCodeOf(PacketType.disconnect, reasonCode)) {
      connection.disconnect(reasonCode, refusal);
    } else connection.disconnect(ReasonCode.notAuthorized, refusal);
  }
}

function requestOf(
  { client, phase }: Connection,
  userProperties: AuthRequest['userProperties'] = [],
): AuthRequest {
  return { ...client, isReauthentication: phase === Phase.open, userProperties };
}
