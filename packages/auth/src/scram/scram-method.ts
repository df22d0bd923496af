/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as a method of enhanced authentication:
 * the password never travels, and the client learns that the server knows it. Without channel
 * binding: it is TLS that has to keep others from the exchange.
 */
import type { AuthMethod, Awaitable } from '@godwit/broker';
import { type Random, systemRandom } from '@godwit/runtime';
import {
  hmac,
  type ScramCredential,
  type ScramHash,
  saltBytes,
  scramHashes,
} from './scram-credential.ts';
import { ScramExchange, type ScramUser } from './scram-exchange.ts';

/** The credential of a user, by name in its prepared form (SASLprep); undefined: no such user. */
export type ScramLookup = (username: string) => Awaitable<ScramCredential | undefined>;

export interface ScramOptions {
  /** Source of nonces, and of the secret. */
  readonly random?: Random;
  /**
   * Makes up the salts of users that do not exist; 32 random bytes by default. Servers that share
   * their users, and one that restarts, had better keep the same secret: a salt that changes, or
   * differs from one server to the other, gives away that it is made up.
   */
  readonly secret?: Uint8Array;
  /**
   * Iterations to state for users that do not exist; by default those of {@link ScramCredential}s
   * made without stating any. Give those that your credentials have.
   */
  readonly iterations?: number;
}

const secretBytes = 32;
/** Makes 24 characters of base64, which are a nonce. */
const nonceBytes = 18;

/**
 * The method `SCRAM-SHA-256` or `SCRAM-SHA-512`. A wrong password and an unknown user are both
 * refused with 0x86 at the end of the exchange, a malformed message with 0x87.
 *
 * @example
 * const users = new Map([['ada', await scramCredential('engine', { hash: 'SHA-256' })]]);
 * const method = scramMethod('SHA-256', username => users.get(username));
 * const broker = new Broker({ hooks: { authMethods: [method] } });
 */
export function scramMethod(
  hash: ScramHash,
  lookup: ScramLookup,
  options: ScramOptions = {},
): AuthMethod {
  const { random = systemRandom, iterations = scramHashes[hash].iterations } = options;
  const { secret = random.bytes(secretBytes) } = options;
  const known = (username: string, credential: ScramCredential | undefined): ScramUser => {
    // Made in any case, so that both take the same time.
    const nobody = nobodysCredential(hash, secret, username, iterations);
    return { credential: credential ?? nobody, isKnown: credential !== undefined };
  };
  const find = (username: string): Awaitable<ScramUser> => {
    const credential = lookup(username);
    return credential instanceof Promise
      ? credential.then(found => known(username, found))
      : known(username, credential);
  };
  return {
    name: `SCRAM-${hash}`,
    begin() {
      const nonce = Buffer.from(random.bytes(nonceBytes)).toString('base64');
      return new ScramExchange(hash, find, nonce);
    },
  };
}

/** The same for a name each time, and nothing to tell it from a real one by. */
function nobodysCredential(
  hash: ScramHash,
  secret: Uint8Array,
  username: string,
  iterations: number,
): ScramCredential {
  const storedKey = hmac(hash, secret, `key ${username}`);
  const salt = hmac(hash, secret, `salt ${username}`).subarray(0, saltBytes);
  return { salt, iterations, storedKey, serverKey: storedKey };
}
