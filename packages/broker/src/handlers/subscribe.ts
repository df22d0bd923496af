/** SUBSCRIBE and UNSUBSCRIBE from a client. */
import {
  decodePacket,
  type Packet,
  PacketType,
  type ParsedFilter,
  ProtocolError,
  parseTopicFilter,
  type QoS,
  ReasonCode,
  type SubscribePacket,
  type SubscriptionRequest,
  type UnsubscribePacket,
} from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Context } from '../context.ts';
import { Subscription } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';

/** A request of a SUBSCRIBE with what became of it. */
interface Granted {
  readonly request: SubscriptionRequest;
  readonly parsed: ParsedFilter;
  /** The filter was not subscribed before. */
  readonly isNew: boolean;
}

/** The connection's reader stands on a SUBSCRIBE. */
export function onSubscribe(connection: Connection): void | Promise<void> {
  const packet = decode(connection) as SubscribePacket;
  const verdicts = packet.subscriptions.map(request => check(connection, request));
  const pending = verdicts.filter(verdict => typeof verdict !== 'number');
  if (pending.length === 0) {
    subscribe(connection, packet, verdicts as number[]);
    return undefined;
  }
  return Promise.all(verdicts).then(codes => subscribe(connection, packet, codes));
}

/** The connection's reader stands on an UNSUBSCRIBE. */
export function onUnsubscribe(connection: Connection): void {
  const { packetId, filters } = decode(connection) as UnsubscribePacket;
  const session = connection.session!;
  const { router, metrics, hooks } = connection.context;
  const reasonCodes = filters.map(filter => {
    if (parseTopicFilter(filter) === null) return invalidFilter(connection);
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return ReasonCode.noSubscriptionExisted;
    session.subscriptions.delete(filter);
    router.remove(subscription);
    metrics.subscriptions -= 1;
    hooks.onUnsubscribe?.(connection.client, filter);
    return ReasonCode.success;
  });
  connection.send({ type: PacketType.unsuback, packetId, reasonCodes });
}

function decode(connection: Connection): Packet {
  const { bytes, header, bodyStart, end } = connection.reader;
  return decodePacket(bytes, header, bodyStart, end, connection.version);
}

/** The reason code that SUBACK has for `request`, as far as that is clear before subscribing. */
function check(connection: Connection, request: SubscriptionRequest): number | Promise<number> {
  const { limits, hooks } = connection.context;
  const { filter, qos } = request;
  const parsed = parseTopicFilter(filter);
  if (parsed === null) return invalidFilter(connection);
  if (filter.split('/').length > limits.topicLevelsMax) return ReasonCode.topicFilterInvalid;
  const allowed = hooks.authorizeSubscribe?.(connection.client, { filter, qos }) ?? true;
  if (typeof allowed === 'boolean') return allowed ? qos : ReasonCode.notAuthorized;
  return allowed.then(answer => (answer ? qos : ReasonCode.notAuthorized));
}

/** Before 5.0 there is no way to refuse a filter for its form. */
function invalidFilter(connection: Connection): number {
  if (connection.withProperties) return ReasonCode.topicFilterInvalid;
  throw new ProtocolError(ReasonCode.topicFilterInvalid, 'topic filter is not valid');
}

/** [MQTT-3.8.4-5] the filters one after the other, with one SUBACK */
function subscribe(connection: Connection, packet: SubscribePacket, codes: number[]): void {
  const { session, context } = connection;
  if (session === null) return;
  const identifier = packet.properties?.subscriptionIdentifiers?.[0] ?? 0;
  const granted: Granted[] = [];
  const reasonCodes = codes.map((code, i) => {
    if (code >= 0x80) return code;
    const request = packet.subscriptions[i];
    const { filter } = request;
    const isNew = !session.subscriptions.has(filter);
    if (isNew && session.subscriptions.size >= context.limits.subscriptionsPerSessionMax) {
      return ReasonCode.quotaExceeded;
    }
    enter(context, session, request, identifier);
    granted.push({ request, parsed: parseTopicFilter(filter)!, isNew });
    context.hooks.onSubscribe?.(connection.client, filter, request.qos);
    return code;
  });
  connection.send({ type: PacketType.suback, packetId: packet.packetId, reasonCodes });
  for (const one of granted) sendRetained(connection, session, one);
}

/** [MQTT-3.8.4-3] a filter that was subscribed before gets the new options */
function enter(
  context: Context,
  session: Session,
  request: SubscriptionRequest,
  identifier: number,
): void {
  const { filter, qos, noLocal, retainAsPublished } = request;
  const options = { qos, noLocal, retainAsPublished, identifier };
  const existing = session.subscriptions.get(filter);
  if (existing !== undefined) {
    existing.replace(options);
    context.router.changed();
    return;
  }
  const subscription = new Subscription(session, filter, options, null);
  session.subscriptions.set(filter, subscription);
  context.router.add(subscription);
  context.metrics.subscriptions += 1;
}

/** [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a shared subscription gets none (4.8.2) */
function sendRetained(connection: Connection, session: Session, one: Granted): void {
  const { request, parsed, isNew } = one;
  if (parsed.share !== null || request.retainHandling === 2) return;
  if (request.retainHandling === 1 && !isNew) return;
  const { retained, clock } = connection.context;
  const subscription = session.subscriptions.get(request.filter);
  if (subscription === undefined) return;
  retained.match(parsed.filter, clock.wallMs(), message => {
    const qos = Math.min(message.qos, request.qos) as QoS;
    session.offerAs(message, qos, true, subscription.identifiers);
  });
}
