/**
 * A look inside a running broker: what there is of sessions, subscriptions and retained messages.
 * Changes nothing, keeps nothing, and costs nothing while nobody looks.
 */
import type { EngineHealth } from '@godwit/storage';
import type { Connection } from '../connection/connection.ts';
import type { Context } from '../context.ts';
import { type RetainedInfo, retainedInfo } from './retained-info.ts';
import {
  type InflightInfo,
  inflightOf,
  type QueuedInfo,
  queuedOf,
  type SessionInfo,
  type SubscriptionInfo,
  sessionInfo,
  subscriptionsOf,
} from './session-info.ts';
import { type Totals, totalsOf } from './totals.ts';

/** How the broker is: `starting` until what is stored is there, `closing` from `close` on. */
export type BrokerPhase = 'starting' | 'running' | 'closing';

/** What an inspector has to know of its broker besides the context. */
export interface Inspected {
  readonly context: Context;
  readonly connections: ReadonlySet<Connection>;
  readonly phase: () => BrokerPhase;
  /** Undefined without an engine. */
  readonly storage: () => EngineHealth | undefined;
}

export class Inspector {
  readonly #inspected: Inspected;

  constructor(inspected: Inspected) {
    this.#inspected = inspected;
  }

  get phase(): BrokerPhase {
    return this.#inspected.phase();
  }

  /** How the storage engine is; undefined without one. */
  get storage(): EngineHealth | undefined {
    return this.#inspected.storage();
  }

  /** Counts over all connections and sessions, by walking them. */
  totals(): Totals {
    const { context, connections } = this.#inspected;
    return totalsOf(context, connections);
  }

  /** All sessions, in the order in which they began; described as they are come to. */
  *sessions(): Generator<SessionInfo, void, undefined> {
    for (const session of this.#inspected.context.sessions.values()) yield sessionInfo(session);
  }

  session(clientId: string): SessionInfo | undefined {
    const session = this.#inspected.context.sessions.get(clientId);
    return session === undefined ? undefined : sessionInfo(session);
  }

  /** Of one session; undefined when there is none. */
  subscriptions(clientId: string): Generator<SubscriptionInfo, void, undefined> | undefined {
    const session = this.#inspected.context.sessions.get(clientId);
    return session === undefined ? undefined : subscriptionsOf(session);
  }

  /** Of all sessions. */
  *allSubscriptions(): Generator<SubscriptionInfo, void, undefined> {
    for (const session of this.#inspected.context.sessions.values()) {
      yield* subscriptionsOf(session);
    }
  }

  /** What a session has sent and waits to hear of, oldest first; undefined when there is none. */
  inflight(clientId: string, countMax: number): readonly InflightInfo[] | undefined {
    const session = this.#inspected.context.sessions.get(clientId);
    return session === undefined ? undefined : inflightOf(session, countMax);
  }

  /** What waits in a session, oldest first; undefined when there is no session. */
  queued(clientId: string, countMax: number): Promise<readonly QueuedInfo[]> | undefined {
    const session = this.#inspected.context.sessions.get(clientId);
    return session === undefined ? undefined : queuedOf(session, countMax);
  }

  /** Retained messages whose topics match, as they are come to. A walk not ended is to be closed. */
  *retained(filter: string): Generator<RetainedInfo, void, undefined> {
    const { retained, clock } = this.#inspected.context;
    for (const message of retained.match(filter, clock)) yield retainedInfo(message);
  }

  retainedMessage(topic: string): RetainedInfo | undefined {
    const { retained, clock } = this.#inspected.context;
    const message = retained.get(topic);
    if (message === undefined || message.isExpired(clock.wallMs())) return undefined;
    return retainedInfo(message);
  }
}
