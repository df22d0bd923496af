/** Enhanced authentication as a method of it is written. Types only. */
import type { Awaitable } from './options.ts';

/**
 * One exchange in which the client proves who it is, and may have the server do the same. What a
 * function throws ends the connection: an `MqttError` as it is, anything else with code
 * 'authentication-failed'.
 */
export interface AuthExchange {
  /** Authentication Data of CONNECT, or of the AUTH that begins a re-authentication. */
  first(): Awaitable<Uint8Array | undefined>;
  /** Authentication Data of the answer to a challenge of the server, which carried `data`. */
  answer(data: Uint8Array | undefined): Awaitable<Uint8Array | undefined>;
  /** The server is content, and sent `data` last. Throws if the client is not. */
  finish(data: Uint8Array | undefined): Awaitable<void>;
}

/** A method of enhanced authentication, by which a client proves who it is. */
export interface EnhancedAuth {
  /** Authentication Method, as the server knows it: `SCRAM-SHA-256`. */
  readonly method: string;
  /** Called for every attempt to connect, and for every re-authentication. */
  begin(): AuthExchange;
}
