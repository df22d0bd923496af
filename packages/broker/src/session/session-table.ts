/**
 * All sessions by client identifier, and the rules by which they begin, wait and end. Knows when a
 * will is due, but not how it is published.
 */
import type { Connection } from '../connection/connection.ts';
import type { Context } from '../context.ts';
import { neverExpires, Session } from './session.ts';

export class SessionTable {
  readonly #sessions: Map<string, Session>;
  readonly #onExpired: (session: Session) => void;

  constructor() {
    this.#sessions = new Map();
    this.#onExpired = session => this.end(session);
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  values(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** A new session; none with this identifier may exist. */
  create(context: Context, clientId: string, expirySeconds: number): Session {
    const session = new Session(context, clientId, expirySeconds, this.#onExpired);
    this.#sessions.set(clientId, session);
    context.metrics.sessions += 1;
    return session;
  }

  /**
   * The connection of `session` is over. Publishes the will now or later, or discards it, and ends
   * the session now or later. [MQTT-3.1.2-8] [MQTT-3.1.2-23] [MQTT-4.1.0-2]
   *
   * @param connection the one that ended; when the session has another by now, nothing happens
   * @param discardWill the client said goodbye with DISCONNECT 0x00 [MQTT-3.14.4-3]
   */
  disconnected(session: Session, connection: Connection, discardWill: boolean): void {
    if (session.connection !== connection) return;
    session.connection = null;
    if (discardWill) session.will?.discard();
    const { will, expirySeconds } = session;
    if (expirySeconds === 0) {
      this.end(session);
      return;
    }
    if (will !== null) {
      if (will.delaySeconds === 0) will.publish();
      // Past the session's own end the will goes out with it.
      else if (will.delaySeconds < expirySeconds) will.publishIn(will.delaySeconds * 1000);
    }
    this.waitForExpiry(session, expirySeconds * 1000);
    const { durability, clock } = session.context;
    if (session.durable !== null) durability!.records.putSession(session, clock.wallMs());
  }

  /** The session is over in so many milliseconds, unless its client comes back before. */
  waitForExpiry(session: Session, delayMs: number): void {
    if (session.expirySeconds === neverExpires) return;
    if (delayMs <= 0) this.end(session);
    else session.context.wheel.set(session, delayMs);
  }

  /** The client is back in time: its session goes on, its old will is off. [MQTT-3.1.3-9] */
  resumed(session: Session): void {
    const { wheel } = session.context;
    wheel.clear(session);
    session.will?.discard();
  }

  /**
   * Ends a session for good: will, subscriptions and messages.
   * @param isReplaced a new session of the client follows at once
   */
  end(session: Session, isReplaced = false): void {
    const { context } = session;
    if (!this.#sessions.delete(session.clientId)) return;
    context.wheel.clear(session);
    for (const subscription of session.subscriptions.values()) {
      context.router.remove(subscription);
    }
    context.metrics.subscriptions -= session.subscriptions.size;
    context.metrics.sessions -= 1;
    context.durability?.end(session, isReplaced);
    const shared = session.takeShared();
    session.clear();
    const wallMs = context.clock.wallMs();
    for (const { message, share } of shared) {
      context.router.redeliver(message, share!, session, wallMs);
    }
    // Last, so that no subscription of the session itself takes it.
    session.will?.publish();
  }
}
