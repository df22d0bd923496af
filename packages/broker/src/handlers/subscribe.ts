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
import type { SubscribeAnswer } from '../hooks.ts';
import { Subscription, type SubscriptionOptions } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';
import { isPending, subackCode, withinTime } from './answers.ts';

/** Of the hook that was asked. */
const noAnswer = ReasonCode.implementationSpecificError;

/** A request of a SUBSCRIBE with what became of it. */
interface Granted {
  readonly request: SubscriptionRequest;
  readonly subscription: Subscription;
  readonly parsed: ParsedFilter;
  /** What the subscription was before; null when the filter was not subscribed. */
  readonly before: SubscriptionOptions | null;
}

/** The connection's reader stands on a SUBSCRIBE. */
export function onSubscribe(connection: Connection): void | Promise<void> {
  const { features } = connection.context;
  const packet = decode(connection) as SubscribePacket;
  if (packet.properties?.subscriptionIdentifiers && !features.subscriptionIdentifiers) {
    // Section 3.2.2.3.12
    throw new ProtocolError(
      ReasonCode.subscriptionIdentifiersNotSupported,
      'SUBSCRIBE has a Subscription Identifier',
    );
  }
  connection.rate?.takeSubscribes(packet.subscriptions.length);
  const { packetId } = packet;
  const granted = packet.subscriptions.map(({ qos }) => qos);
  requireRoom(connection, { type: PacketType.suback, packetId, reasonCodes: granted });
  // All of them before anyone is asked: what is no filter may end the connection.
  const refusals = packet.subscriptions.map(({ filter }) => refusal(connection, filter));
  const verdicts = packet.subscriptions.map(
    (request, i) => refusals[i] ?? ask(connection, request),
  );
  if (verdicts.some(verdict => typeof verdict !== 'number')) {
    const answers = verdicts.map(verdict => Promise.resolve(verdict));
    return Promise.all(answers).then(codes => subscribe(connection, packet, codes));
  }
  return subscribe(connection, packet, verdicts as number[]);
}

/** The connection's reader stands on an UNSUBSCRIBE. */
export function onUnsubscribe(connection: Connection): void | Promise<void> {
  const { packetId, filters } = decode(connection) as UnsubscribePacket;
  const removed = filters.map(() => ReasonCode.success);
  requireRoom(connection, { type: PacketType.unsuback, packetId, reasonCodes: removed });
  const session = connection.session!;
  const { hooks, durability } = connection.context;
  const removals: Promise<void>[] = [];
  const reasonCodes = filters.map(filter => {
    if (parseTopicFilter(filter) === null) return invalidFilter(connection);
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return ReasonCode.noSubscriptionExisted;
    leave(session, subscription);
    if (session.durable !== null) {
      removals.push(durability!.records.removeSubscription(subscription));
    }
    hooks.onUnsubscribe?.(connection.client, filter);
    return ReasonCode.success;
  });
  const confirm = (): void => {
    connection.send({ type: PacketType.unsuback, packetId, reasonCodes });
  };
  if (removals.length > 0) return Promise.all(removals).then(confirm);
  confirm();
  return undefined;
}

/** [MQTT-3.1.2-24] a client that cannot be answered is told so before anything has changed */
function requireRoom(connection: Connection, answer: Packet): void {
  if (connection.takes(answer)) return;
  throw new ProtocolError(ReasonCode.packetTooLarge, 'the answer exceeds Maximum Packet Size');
}

function decode(connection: Connection): Packet {
  const { bytes, header, bodyStart, end } = connection.reader;
  return decodePacket(bytes, header, bodyStart, end, connection.version);
}

/** The reason code by which SUBACK refuses a filter for its form, if it does. */
function refusal(connection: Connection, filter: string): number | undefined {
  const parsed = parseTopicFilter(filter);
  if (parsed === null) return invalidFilter(connection);
  const { limits, features, metrics } = connection.context;
  if (parsed.share !== null && !features.sharedSubscriptions) {
    return ReasonCode.sharedSubscriptionsNotSupported;
  }
  if (parsed.hasWildcard && !features.wildcardSubscriptions) {
    return ReasonCode.wildcardSubscriptionsNotSupported;
  }
  const isTooLong = Buffer.byteLength(filter) > limits.filterBytesMax;
  if (!isTooLong && parsed.filter.split('/').length <= limits.topicLevelsMax) return undefined;
  metrics.subscriptionsRefused += 1;
  return ReasonCode.topicFilterInvalid;
}

/** The reason code that SUBACK has for `request`, as far as that is clear before subscribing. */
function ask(
  connection: Connection,
  { filter, qos }: SubscriptionRequest,
): number | Promise<number> {
  const { hooks, limits } = connection.context;
  // [MQTT-3.2.2-10] any QoS may be asked for; granted is what messages can come with
  const granted = Math.min(qos, limits.maximumQoS) as QoS;
  if (hooks.authorizeSubscribe === undefined) return granted;
  const code = (answer: SubscribeAnswer): number => subackCode(answer, granted);
  try {
    const asked = hooks.authorizeSubscribe(connection.client, { filter, qos });
    const answer = withinTime<SubscribeAnswer>(connection.context, asked, noAnswer);
    return isPending(answer) ? answer.then(code) : code(answer);
  } catch (error) {
    // Answers to other filters may be under way: they and this one are waited for together.
    return Promise.reject(error);
  }
}

/** Before 5.0 there is no way to refuse a filter for its form. */
function invalidFilter(connection: Connection): number {
  if (connection.withProperties) return ReasonCode.topicFilterInvalid;
  throw new ProtocolError(ReasonCode.topicFilterInvalid, 'topic filter is not valid');
}

/** [MQTT-3.8.4-5] the filters one after the other, with one SUBACK */
function subscribe(
  connection: Connection,
  packet: SubscribePacket,
  codes: readonly number[],
): void | Promise<void> {
  const { session, context } = connection;
  // The client may have gone while its permission was asked for, and its session with it.
  if (session === null || session.connection !== connection) return undefined;
  const identifier = packet.properties?.subscriptionIdentifiers?.[0] ?? 0;
  const granted: (Granted | null)[] = [];
  const reasonCodes = codes.map((code, i) => {
    granted.push(null);
    // A hook that hears of one filter may end the connection, and the session with it.
    if (code >= 0x80 || session.connection !== connection) return code;
    const request = packet.subscriptions[i];
    const { filter } = request;
    const existing = session.subscriptions.get(filter);
    const before = existing === undefined ? null : optionsOf(existing);
    const parsed = parseTopicFilter(filter)!;
    if (before === null && !hasRoom(session, parsed)) {
      context.metrics.subscriptionsRefused += 1;
      return ReasonCode.quotaExceeded;
    }
    const qos = code as QoS;
    const subscription = enter(context, session, { ...request, qos }, identifier);
    granted[i] = { request, subscription, parsed, before };
    context.hooks.onSubscribe?.(connection.client, filter, qos);
    return code;
  });
  if (session.durable === null || session.connection !== connection) {
    confirm(connection, session, packet, granted, reasonCodes);
    return undefined;
  }
  return record(session, granted, reasonCodes).then(codes =>
    confirm(connection, session, packet, granted, codes),
  );
}

/** Whether the bounds allow a session one more subscription. */
function hasRoom({ subscriptions, context, wildcards }: Session, parsed: ParsedFilter): boolean {
  const { limits, metrics } = context;
  return (
    subscriptions.size < limits.subscriptionsPerSessionMax &&
    metrics.subscriptions < limits.subscriptionsMax &&
    (!parsed.hasWildcard || wildcards < limits.wildcardSubscriptionsPerSessionMax)
  );
}

/**
 * Puts subscriptions of a durable session on record. Where there is no room for one, all is as it was
 * before, and it is null in `granted`.
 */
async function record(
  session: Session,
  granted: (Granted | null)[],
  reasonCodes: readonly number[],
): Promise<number[]> {
  const { records } = session.context.durability!;
  const kept = await Promise.all(
    granted.map(async one => one === null || (await records.putSubscription(one.subscription))),
  );
  return reasonCodes.map((code, i) => {
    const one = granted[i];
    if (one === null || kept[i]) return code;
    granted[i] = null;
    if (one.before === null) leave(session, one.subscription);
    else session.context.router.replace(one.subscription, one.before);
    return ReasonCode.quotaExceeded;
  });
}

function confirm(
  connection: Connection,
  session: Session,
  { packetId }: SubscribePacket,
  granted: readonly (Granted | null)[],
  reasonCodes: number[],
): void {
  connection.send({ type: PacketType.suback, packetId, reasonCodes });
  if (session.connection !== connection) return;
  for (const one of granted) if (one !== null) sendRetained(session, one);
}

/** [MQTT-3.8.4-3] a filter that was subscribed before gets the new options */
function enter(
  context: Context,
  session: Session,
  request: SubscriptionRequest,
  identifier: number,
): Subscription {
  const { filter, qos, noLocal, retainAsPublished } = request;
  const options = { qos, noLocal, retainAsPublished, identifier };
  const existing = session.subscriptions.get(filter);
  if (existing !== undefined) {
    context.router.replace(existing, options);
    return existing;
  }
  const subscription = new Subscription(session, filter, options, null);
  session.subscribed(subscription);
  context.router.add(subscription);
  context.metrics.subscriptions += 1;
  return subscription;
}

function optionsOf({
  qos,
  noLocal,
  retainAsPublished,
  identifier,
}: Subscription): SubscriptionOptions {
  return { qos, noLocal, retainAsPublished, identifier };
}

/** Ends a subscription. @returns false when it had ended before */
export function leave(session: Session, subscription: Subscription): boolean {
  const { router, metrics } = session.context;
  if (session.subscriptions.get(subscription.filter) !== subscription) return false;
  session.unsubscribed(subscription);
  router.remove(subscription);
  metrics.subscriptions -= 1;
  return true;
}

/** [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a shared subscription gets none (4.8.2) */
function sendRetained(session: Session, { request, subscription, parsed, before }: Granted): void {
  if (parsed.share !== null || request.retainHandling === 2) return;
  if (request.retainHandling === 1 && before !== null) return;
  const { retained, clock } = session.context;
  if (session.subscriptions.get(request.filter) !== subscription) return;
  session.feed(subscription, retained.match(parsed.filter, clock));
}
