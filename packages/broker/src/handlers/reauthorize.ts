/**
 * Asks the hooks once more about what a client was allowed some time ago: its subscriptions, its
 * will, what it may receive. What is refused now ends; whether the client has to go is the caller's.
 */
import { ReasonCode } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Awaitable, PublishAnswer, SubscribeAnswer } from '../hooks.ts';
import type { Subscription } from '../routing/subscription.ts';
import { isPending, subackCode } from './answers.ts';
import { leave } from './subscribe.ts';

/**
 * Of an open connection: is its client still welcome, and does it keep all it was allowed? A hook
 * that fails has refused, and `onProtocolError` hears of it.
 */
export function keepsAll(connection: Connection): Awaitable<boolean> {
  const { hooks } = connection.context;
  const ask = (): boolean => hooks.isStillWelcome?.(connection.client) ?? true;
  if (settled(connection, ask, isWelcome => !isWelcome) === true) return false;
  const lost = anyOf([isWillLost(connection), losesSubscriptions(connection)]);
  return isPending(lost) ? lost.then(isLost => !isLost) : !lost;
}

/** Asks about the subscriptions only; true: there is one that the client had and has not any more. */
export function losesSubscriptions(connection: Connection): Awaitable<boolean> {
  const { session, context, client } = connection;
  const { hooks } = context;
  if (session === null) return false;
  connection.allowedRoute = null;
  session.receives = hooks.authorizeReceive?.(client) ?? null;
  if (hooks.authorizeSubscribe === undefined || session.subscriptions.size === 0) return false;
  return anyOf(Array.from(session.subscriptions.values(), one => isLost(connection, one)));
}

function anyOf(answers: readonly Awaitable<boolean>[]): Awaitable<boolean> {
  if (!answers.some(isPending)) return answers.includes(true);
  const settled = answers.map(answer => Promise.resolve(answer));
  return Promise.all(settled).then(values => values.includes(true));
}

function isWillLost(connection: Connection): Awaitable<boolean> {
  const { session, context, client } = connection;
  const { hooks } = context;
  const will = session?.will ?? null;
  if (session === null || will === null || hooks.authorizePublish === undefined) return false;
  const drop = (): void => {
    if (session.will === will) will.discard();
  };
  const refused = (answer: PublishAnswer): boolean => {
    if (answer !== true) drop();
    return answer !== true;
  };
  const ask = (): Awaitable<PublishAnswer> => hooks.authorizePublish!(client, will.will);
  return settled(connection, ask, refused, drop);
}

function isLost(connection: Connection, subscription: Subscription): Awaitable<boolean> {
  const { hooks } = connection.context;
  const { filter, qos } = subscription;
  return settled(
    connection,
    () => hooks.authorizeSubscribe!(connection.client, { filter, qos }),
    (answer: SubscribeAnswer) => {
      if (subackCode(answer, qos) < 0x80) return false;
      revoke(connection, subscription);
      return true;
    },
    () => revoke(connection, subscription),
  );
}

/** Ends a subscription as UNSUBSCRIBE would. */
function revoke({ context, client }: Connection, subscription: Subscription): void {
  const { metrics, hooks, durability } = context;
  const { session, filter } = subscription;
  // The client may have ended it while its permission was asked for.
  if (!leave(session, subscription)) return;
  metrics.subscriptionsRevoked += 1;
  if (session.durable !== null) {
    // What else ends a write ends the engine, which says so to everybody.
    durability!.records.removeSubscription(subscription).catch(() => {});
  }
  hooks.onUnsubscribe?.(client, filter);
}

/** What `decide` makes of the answer; true, after `onFault`, where there is none. */
function settled<Answer>(
  connection: Connection,
  ask: () => Awaitable<Answer>,
  decide: (answer: Answer) => boolean,
  onFault: () => void = () => {},
): Awaitable<boolean> {
  const failed = (error: unknown): boolean => {
    const { hooks } = connection.context;
    const fault = ReasonCode.implementationSpecificError;
    onFault();
    hooks.onProtocolError?.(connection.client, fault, String(error));
    return true;
  };
  try {
    const answer = ask();
    return isPending(answer) ? answer.then(decide).catch(failed) : decide(answer);
  } catch (error) {
    return failed(error);
  }
}
