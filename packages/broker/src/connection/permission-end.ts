/** Ends a connection when what let its client in, such as a token, is over. Never extends itself. */
import { ReasonCode } from '@godwit/protocol';
import { Deadline } from '../timer-wheel.ts';
import type { Connection } from './connection.ts';

/** A thousand years: what a token says may be any number. */
const delayMsMax = 1000 * 365 * 86_400_000;

export class PermissionEnd extends Deadline {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  /** @param expiresAtMs wall time in milliseconds; a time that has passed is due with the next tick */
  set(expiresAtMs: number): void {
    const { clock, wheel } = this.#connection.context;
    const delayMs = expiresAtMs - clock.wallMs();
    wheel.set(this, Math.min(Math.max(0, delayMs), delayMsMax));
  }

  onDeadline(): void {
    this.#connection.context.metrics.permissionsExpired += 1;
    this.#connection.disconnect(ReasonCode.maximumConnectTime);
  }
}
