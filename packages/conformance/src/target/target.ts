/** What the cases are run against: something that can be connected to, and its time. */
import type { Clock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import type { RawWebSocket } from './raw-web-socket.ts';

/** A system under test. */
export interface Target {
  /** The time by which the clients wait; a virtual clock where the server runs on one. */
  readonly clock: Clock;
  /** A fresh connection. */
  open(): Promise<ByteStream>;
  /**
   * A WebSocket that offers these subprotocols; where there is none, cases about WebSockets do
   * not apply.
   */
  openWebSocket?(subprotocols: readonly string[]): Promise<RawWebSocket>;
  /** Lets `ms` of virtual time pass. Without it time is real. */
  advance?(ms: number): Promise<void>;
  /** After the last case. */
  close?(): Promise<void>;
}
