/** What an admin listener is about, as the program around the broker hands it in. */
import type { Broker, Hooks } from '@godwit/broker';
import type { Clock } from '@godwit/runtime';

/** What can be heard; see the broker's hooks of the same names. */
export type Observer = Pick<Hooks, 'onConnect' | 'onDisconnect' | 'onSubscribe' | 'onUnsubscribe'>;

export interface AdminSystem {
  readonly broker: Broker;
  readonly clock: Clock;
  readonly version: string;
  /** Where clients connect. */
  urls(): readonly string[];
  /** The configuration in use, without secrets. */
  config(): Readonly<object> | Promise<Readonly<object>>;
  /** What the storage engine counts, by name; null without one. */
  engineStats(): Readonly<Record<string, number>> | null;
  /** @returns a function that has `observer` hear nothing more */
  observe(observer: Observer): () => void;
  /** Takes a line about what somebody did. */
  audit(message: string, fields: Readonly<Record<string, unknown>>): void;
}
