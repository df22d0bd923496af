/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) for the option `auth`: the password never
 * travels, and the server has to prove that it knows it. Without channel binding: it is TLS that
 * has to keep others from the exchange.
 */
import { saslPrep } from '@godwit/protocol';
import { type Random, systemRandom } from '@godwit/runtime';
import type { EnhancedAuth } from './enhanced-auth.ts';
import { ScramExchange } from './scram/scram-exchange.ts';
import { type ScramHash, type ScramKeys, scramKeys } from './scram/scram-keys.ts';

export interface ScramOptions {
  /**
   * A server that wants the password hashed more often is refused, for it could keep us busy for
   * hours. 4,096 to 2^31-1; default: 2,000,000, some seconds.
   */
  readonly iterationsMax?: number;
  /** Source of nonces; the system's by default. */
  readonly random?: Random;
}

const iterationsMaxDefault = 2_000_000;
/** Makes 24 characters of base64, which are a nonce. */
const nonceBytes = 18;

/**
 * The method `SCRAM-SHA-256`. In a page it needs a secure context (https, or localhost), as all Web
 * Crypto.
 *
 * ```ts
 * await connect('mqtts://broker.example', { auth: scramSha256('ada', 'engine') });
 * ```
 * @throws RangeError for a name or a password that is empty or has characters that none may have,
 *   and for options out of their range
 */
export function scramSha256(
  username: string,
  password: string,
  options: ScramOptions = {},
): EnhancedAuth {
  return scram('SHA-256', username, password, options);
}

/** The method `SCRAM-SHA-512`; as {@link scramSha256}. */
export function scramSha512(
  username: string,
  password: string,
  options: ScramOptions = {},
): EnhancedAuth {
  return scram('SHA-512', username, password, options);
}

function scram(
  hash: ScramHash,
  username: string,
  password: string,
  { iterationsMax = iterationsMaxDefault, random = systemRandom }: ScramOptions,
): EnhancedAuth {
  const name = prepared('username', username);
  const secret = prepared('password', password);
  if (!Number.isInteger(iterationsMax) || iterationsMax < 4_096 || iterationsMax >= 2 ** 31) {
    throw new RangeError(`iterationsMax is ${iterationsMax}; expected 4096 to 2^31-1`);
  }
  // a server keeps its salt, so that connecting again need not hash the password again
  let last: { of: string; keys: Promise<ScramKeys> } | undefined;
  return {
    method: `SCRAM-${hash}`,
    begin: () =>
      new ScramExchange({
        hash,
        username: name,
        nonce: btoa(String.fromCharCode(...random.bytes(nonceBytes))),
        iterationsMax,
        keys: (salt, iterations) => {
          const of = `${iterations} ${salt.join()}`;
          if (last?.of !== of) last = { of, keys: scramKeys(hash, secret, salt, iterations) };
          return last.keys;
        },
      }),
  };
}

function prepared(what: string, text: string): string {
  const result = saslPrep(text);
  if (result === null) throw new RangeError(`the ${what} is empty or has control characters`);
  return result;
}
