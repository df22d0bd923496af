/** Will messages: kept while a client is connected, published when it goes without a goodbye. */
import type { Will } from '@godwit/protocol';
import type { ClientInfo } from '../hooks.ts';
import { Deadline } from '../timer-wheel.ts';

/** The will of one session; its deadline is the end of the Will Delay Interval. */
export class PendingWill extends Deadline {
  readonly will: Will;
  readonly client: ClientInfo;
  readonly #publish: (will: PendingWill) => void;

  constructor(will: Will, client: ClientInfo, publish: (will: PendingWill) => void) {
    super();
    this.will = will;
    this.client = client;
    this.#publish = publish;
  }

  /** Seconds between the end of the connection and the will, unless the session ends before. */
  get delaySeconds(): number {
    return this.will.properties?.willDelayInterval ?? 0;
  }

  /** Publishes the message; the will is used up. */
  publish(): void {
    this.#publish(this);
  }

  onDeadline(): void {
    this.publish();
  }
}
