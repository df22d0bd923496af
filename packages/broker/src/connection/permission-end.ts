/** Ends a connection when what let its client in, such as a token, is over. Never extends itself. */
import { ReasonCode } from '@godwit/protocol';
import { Deadline } from '../timer-wheel.ts';
import type { Connection } from './connection.ts';

export class PermissionEnd extends Deadline {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  /** @param expiresAtMs wall time in milliseconds; a time that has passed is due with the next tick */
  set(expiresAtMs: number): void {
    const { clock, wheel } = this.#connection.context;
    wheel.set(this, Math.max(0, expiresAtMs - clock.wallMs()));
  }

  onDeadline(): void {
    this.#connection.context.metrics.permissionsExpired += 1;
    this.#connection.disconnect(ReasonCode.maximumConnectTime);
  }
}
