/**
 * Gives one message to everybody that is to have it: at once to those for whom nothing has to be
 * stored, to the others by way of the accept log, and to the retained messages.
 */
import { ReasonCode } from '@godwit/protocol';
import type { Context } from '../context.ts';
import { Accepted } from '../durable/acceptor.ts';
import type { DurableSession } from '../durable/durable-session.ts';
import type { Message } from './message.ts';
import type { Route } from './route.ts';

/** What became of a message. */
export interface Distributed {
  /** For the publisher. */
  readonly reasonCode:
    | typeof ReasonCode.success
    | typeof ReasonCode.noMatchingSubscribers
    | typeof ReasonCode.quotaExceeded;
  /** It is in the log: what the reason code says is true once that is durable. */
  readonly isStored: boolean;
}

const delivered: Distributed = { reasonCode: ReasonCode.success, isStored: false };
const unrouted: Distributed = { reasonCode: ReasonCode.noMatchingSubscribers, isStored: false };
const refused: Distributed = { reasonCode: ReasonCode.quotaExceeded, isStored: false };
const stored: Distributed = { reasonCode: ReasonCode.success, isStored: true };
const retainedOnly: Distributed = { reasonCode: ReasonCode.noMatchingSubscribers, isStored: true };

/**
 * @param publisher the durable session that published `message` with QoS 2, or null
 * @param packetId the publisher's
 */
export function distribute(
  context: Context,
  message: Message,
  route: Route,
  publisher: DurableSession | null,
  packetId: number,
): Distributed {
  const { durability, retained, router, metrics } = context;
  // What cannot be retained as asked is refused whole.
  if (message.retain && !retained.admits(message)) return refused;
  durability?.acceptor.begin(message);
  const isWanted = router.deliver(message, route);
  if (!isWanted) metrics.messagesUnrouted += 1;
  const accepted =
    durability === null
      ? Accepted.notNeeded
      : durability.acceptor.commit(message, message.retain, publisher, packetId);
  if (accepted === Accepted.refused) {
    metrics.messagesDroppedStorageFull += 1;
    return refused;
  }
  if (message.retain) retained.put(message);
  if (accepted === Accepted.offered) return isWanted ? stored : retainedOnly;
  return isWanted ? delivered : unrouted;
}

/** Whether something of the message would have to be stored, as far as that is clear beforehand. */
export function needsStorage(message: Message, route: Route): boolean {
  if (message.retain) return true;
  if (message.qos === 0) return false;
  return (
    route.subscriptions.some(({ session, qos }) => qos > 0 && session.durable !== null) ||
    route.groups.some(({ members }) => members.some(({ session }) => session.durable !== null))
  );
}

/** Whether a session that is to get the message has no room for it. */
export function exceedsQueue(message: Message, route: Route): boolean {
  const { size } = message;
  return (
    message.qos > 0 &&
    route.subscriptions.some(({ session, qos }) => qos > 0 && !session.hasRoomFor(size))
  );
}
