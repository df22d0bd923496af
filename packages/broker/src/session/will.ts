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

  /** Publishes the message; the session has no will from then on. [MQTT-3.1.2-10] */
  publish(): void {
    this.#session.context.wheel.clear(this);
    this.#session.will = null;
    this.#publish(this);
  }

  onDeadline(): void {
    this.publish();
  }
}
