/**
 * What the broker owes one session, and what it has sent it already. Knows nothing of connections
 * but their number, and nothing of how the broker keeps all that.
 */
import { never, type Published } from './published.ts';
import { type Entitlement, entitlement, type SubscriptionModel } from './subscription-model.ts';

/** A PUBLISH that went out with QoS 1 or 2. */
export interface Flight {
  readonly message: Published | null;
  readonly qos: 1 | 2;
  /** Number of the connection that it went out on last. */
  connection: number;
  /** The client's answer has come; with QoS 2, PUBREC. */
  isReceived: boolean;
  /** That answer may never have been looked at. */
  isHeld: boolean;
  /** With QoS 2, PUBREL has gone out. */
  isReleased: boolean;
  /** It is over: PUBACK or PUBCOMP has come. */
  isOver: boolean;
  /** How often the broker had crashed by then. */
  crashes: number;
}

/** How often one message was begun for the session. */
interface Begun {
  count: number;
  crashes: number;
}

export class SessionModel {
  readonly clientId: string;
  readonly startedAt: number;
  readonly startedMs: number;
  /** It outlives its connection, and the broker. */
  readonly isDurable: boolean;
  readonly subscriptions: SubscriptionModel[];
  /** By packet identifier. */
  readonly flights: Map<number, Flight>;
  /** What it must be given yet. */
  readonly due: Set<Published>;
  /** Names of the messages that its client has answered for. */
  readonly got: Set<string>;
  /** Nobody can say for sure what the broker knows of it: less is asked of it. */
  isVague: boolean;
  /** Seconds. */
  expirySeconds: number;
  /** Between these it ends, if its client stays away; infinite while connected. */
  endsFromMs: number;
  endsByMs: number;
  endedAt: number;
  /** When it will end was last changed then: for a while a crash may undo that. */
  changedMs: number;
  readonly #begun: Map<string, Begun>;
  /** Order of the last message begun, by publisher, topic and QoS. */
  readonly #lastOrder: Map<string, number>;

  constructor(clientId: string, startedAt: number, startedMs: number, expirySeconds: number) {
    this.clientId = clientId;
    this.startedAt = startedAt;
    this.startedMs = startedMs;
    this.isDurable = expirySeconds > 0;
    this.subscriptions = [];
    this.flights = new Map();
    this.due = new Set();
    this.got = new Set();
    this.isVague = false;
    this.expirySeconds = expirySeconds;
    this.endsFromMs = Number.POSITIVE_INFINITY;
    this.endsByMs = Number.POSITIVE_INFINITY;
    this.endedAt = never;
    this.changedMs = startedMs;
    this.#begun = new Map();
    this.#lastOrder = new Map();
  }

  /** Packet identifiers for which PUBREL is owed; `crashes`: how often the broker has crashed. */
  unreleased(crashes: number): number[] {
    const owed = [...this.flights].filter(([, flight]) => {
      const { message, qos, isReceived, isReleased, isOver } = flight;
      // What was forgotten of it in a crash may have expired before it went out again.
      const mayBeGone = flight.crashes !== crashes && message?.expiresAtMs !== 0;
      return qos === 2 && isReceived && !isReleased && !isOver && !mayBeGone;
    });
    return owed.map(([packetId]) => packetId);
  }

  entitlement(message: Published): Entitlement {
    return entitlement(this.subscriptions, message, this.clientId);
  }

  /** The subscription that a SUBSCRIBE or UNSUBSCRIBE of `filter` is about. */
  current(filter: string): SubscriptionModel | undefined {
    return this.subscriptions.findLast(one => one.filter === filter && one.leavingAt === never);
  }

  /** SUBSCRIBEs since when `message` may have come because it was retained. */
  feeds(message: Published): number[] {
    return this.subscriptions
      .filter(one => !one.isShared && one.matches(message.topic))
      .flatMap(one => one.requests)
      .filter(({ retainHandling }) => retainHandling !== 2)
      .map(({ from }) => from);
  }

  /** Whether some of the message has gone out before. */
  hasBegun(message: Published): boolean {
    return this.#begun.has(message.name);
  }

  /**
   * A message goes out that is not in flight.
   * @param crashes how often the broker has crashed
   * @returns how often that was, since the last crash with QoS 0 and 1
   */
  begin(message: Published, qos: number, crashes: number): number {
    const begun = this.#begun.get(message.name) ?? { count: 0, crashes };
    if (qos < 2 && begun.crashes !== crashes) begun.count = 0;
    begun.crashes = crashes;
    begun.count += 1;
    this.#begun.set(message.name, begun);
    return begun.count;
  }

  /** Whether a first copy of the message may go out after those that went before. */
  isInOrder({ publisher, topic, qos, firstIn }: Published, sentQos: number): boolean {
    const key = `${publisher} ${topic} ${qos} ${sentQos}`;
    const last = this.#lastOrder.get(key) ?? 0;
    this.#lastOrder.set(key, Math.max(last, firstIn));
    return firstIn > last;
  }
}
