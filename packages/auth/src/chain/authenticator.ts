/** One way to find out who a client is, as a chain asks it; and what it may answer. */
import type { AuthMethod, Awaitable, ConnectRequest, RefusalCode } from '@godwit/broker';
import type { IdentityOptions } from '../identity.ts';

/** The client is who it says, or who its proof says. */
export interface Allowed extends Omit<IdentityOptions, 'source' | 'isAnonymous'> {
  readonly verdict: 'allow';
  /** Who it is, where that is not the user name in CONNECT. */
  readonly username?: string;
  /** Wall time in milliseconds at which this is over; undefined: never. */
  readonly expiresAtMs?: number | undefined;
}

/** The client is not let in, and nobody else is asked. */
export interface Denied {
  readonly verdict: 'deny';
  /** 0x86, bad user name or password, by default. */
  readonly reasonCode?: RefusalCode;
  /** For logs; never a secret. */
  readonly why: string;
}

/** Not one that this authenticator knows: the next one is asked. */
export interface Ignored {
  readonly verdict: 'ignore';
  /** For logs; never a secret. */
  readonly why: string;
}

export type Verdict = Allowed | Denied | Ignored;

export interface Authenticator {
  /** As logs call it: `password /etc/godwit/users`. */
  readonly name: string;
  /** Methods of enhanced authentication that go by the same knowledge. */
  readonly authMethods?: readonly AuthMethod[];
  /** A rejection means that it cannot tell. */
  authenticate(request: ConnectRequest): Awaitable<Verdict>;
  /**
   * Reads again what it knows from files.
   * @throws Error when that cannot be used; what it knew before stays
   */
  reload?(): Promise<void>;
}
