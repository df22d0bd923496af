/**
 * Enhanced authentication as a broker's owner provides it: a method by its name, and the exchange
 * of data by which one client proves who it is. The broker carries the data; it never looks inside.
 */
import type { ReasonCode, UserProperty } from '@godwit/protocol';
import type { Awaitable, ClientInfo, ConnectRefusal, Explanation, Welcome } from './hooks.ts';

/** Who is about to prove who it is. */
export interface AuthRequest extends ClientInfo {
  /**
   * False at CONNECT, where `username` is a mere claim. True when a connected client proves itself
   * once more; `username` is then the one that it has proved.
   */
  readonly isReauthentication: boolean;
  /** Of the CONNECT, or of the AUTH that began again. */
  readonly userProperties: readonly UserProperty[];
}

/** The client has to say more. */
export interface AuthChallenge extends Explanation {
  readonly reasonCode: typeof ReasonCode.continueAuthentication;
  /** At most 65,535 bytes. */
  readonly data?: Uint8Array;
}

/** The client has proved who it is. */
export interface AuthSuccess extends Welcome {
  /** Who it is from now on, whatever user name its CONNECT had. */
  readonly username: string;
  /** Goes along with the success; at most 65,535 bytes. */
  readonly data?: Uint8Array;
}

/** What comes of the client's data, told apart by the reason code: 0x18, 0x00, 0x80 or above. */
export type AuthStep = AuthChallenge | AuthSuccess | ConnectRefusal;

/** One client proving who it is, once. Dropped without notice when the client goes. */
export interface AuthExchange {
  /**
   * Goes on with what the client sent: first in CONNECT or the AUTH that began again, then in each
   * answer to a challenge. Not called again before it has answered, nor after success or refusal.
   *
   * @param data Authentication Data; undefined where the packet had none
   */
  next(data: Uint8Array | undefined): Awaitable<AuthStep>;
}

/** A way to prove who one is, such as SCRAM. */
export interface AuthMethod {
  /** Authentication Method, as clients name it in CONNECT: `SCRAM-SHA-256`. */
  readonly name: string;
  /** A client chose this method. Nobody is asked yet: that is for {@link AuthExchange.next}. */
  begin(request: AuthRequest): AuthExchange;
}
