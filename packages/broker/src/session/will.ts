/** Will messages: kept while a client is connected, published when it goes without a goodbye. */
import type { Will } from '@godwit/protocol';
import type { ClientInfo } from '../hooks.ts';
import { Deadline } from '../timer-wheel.ts';
import type { Session } from './session.ts';

/** The will of one session; its deadline is the end of the Will Delay Interval. */
export class PendingWill extends Deadline {
  readonly will: Will;
  readonly client: ClientInfo;
  readonly #session: Session;
  readonly #publish: (will: PendingWill) => void;

  constructor(
    session: Session,
    will: Will,
    client: ClientInfo,
    publish: (will: PendingWill) => void,
  ) {
    super();
    this.will = will;
    this.client = client;
    this.#session = session;
    this.#publish = publish;
  }

  /** Seconds between the end of the connection and the will, unless the session ends before. */
  get delaySeconds(): number {
    return this.will.properties?.willDelayInterval ?? 0;
  }

  /** Puts the will on record, so that it is published even if the broker is gone by then. */
  record(dueAtMs: number): void {
    this.#session.context.durability?.records.putWill(this, dueAtMs);
  }

  /** The connection is over: publishes the message after a while, unless the client is back. */
  publishIn(delayMs: number): void {
    const { wheel, clock } = this.#session.context;
    wheel.set(this, delayMs);
    this.record(clock.wallMs() + delayMs);
  }

  /** The message shall not be published. */
  discard(): void {
    this.#drop();
    this.#session.context.durability?.records.removeWill(this);
  }

  /** Publishes the message; the session has no will from then on. [MQTT-3.1.2-10] */
  publish(): void {
    this.#drop();
    this.#publish(this);
    this.#session.context.durability?.published(this);
  }

  onDeadline(): void {
    this.publish();
  }

  #drop(): void {
    this.#session.context.wheel.clear(this);
    this.#session.will = null;
  }
}
