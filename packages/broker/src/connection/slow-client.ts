/**
 * Cuts a client that has more waiting than it may and takes none of it. What it has not
 * acknowledged stays in its session.
 */
import { ReasonCode } from '@godwit/protocol';
import { Deadline } from '../timer-wheel.ts';
import type { Connection } from './connection.ts';

export class SlowClient extends Deadline {
  readonly #connection: Connection;
  /** What it had taken when the time began. */
  #takenBytes: number;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
    this.#takenBytes = 0;
  }

  /** The outbox is full: the time begins, unless it is running. */
  begin(): void {
    if (this.dueTick === 0) this.#wait();
  }

  end(): void {
    this.#connection.context.wheel.clear(this);
  }

  onDeadline(): void {
    const { outbox, context } = this.#connection;
    if (!outbox.isFull) return;
    if (outbox.takenBytes > this.#takenBytes) {
      this.#wait();
      return;
    }
    context.metrics.slowClientsDisconnected += 1;
    this.#connection.disconnect(ReasonCode.quotaExceeded);
  }

  #wait(): void {
    const { outbox, context } = this.#connection;
    this.#takenBytes = outbox.takenBytes;
    context.wheel.set(this, context.limits.slowClientTimeoutMs);
  }
}
