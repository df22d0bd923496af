/** What the cases are run against: something that can be connected to, and its time. */
import type { Clock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';

/** A system under test. */
export interface Target {
  /** The time by which the clients wait; a virtual clock where the server runs on one. */
  readonly clock: Clock;
  /** A fresh connection. */
  open(): Promise<ByteStream>;
  /** Lets `ms` of virtual time pass. Without it time is real. */
  advance?(ms: number): Promise<void>;
  /** After the last case. */
  close?(): Promise<void>;
}
