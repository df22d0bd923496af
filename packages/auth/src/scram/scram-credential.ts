/**
 * What a server keeps of a password for SCRAM (RFC 5802, section 3): enough to check that a client
 * knows the password, and to prove to it that the server does, but not the password.
 */
import { createHash, createHmac, pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { saslPrep } from '@godwit/protocol';
import { type Random, systemRandom } from '@godwit/runtime';

export type ScramHash = 'SHA-256' | 'SHA-512';

/** Verifies one user's password; a secret, though a smaller one than the password. */
export interface ScramCredential {
  /** 1 to 1024 bytes. */
  readonly salt: Uint8Array;
  /** 4096 to 2,147,483,647. */
  readonly iterations: number;
  /** As long as the hash: 32 or 64 bytes. */
  readonly storedKey: Uint8Array;
  /** As long as the hash. */
  readonly serverKey: Uint8Array;
}

export interface ScramCredentialOptions {
  readonly hash: ScramHash;
  /**
   * How often the password is hashed, here once and by the client at each connection; 600,000 for
   * SHA-256 and 210,000 for SHA-512 by default. Small devices with long random passwords do well
   * with the minimum of 4096.
   */
  readonly iterations?: number;
  /** 16 random bytes by default. */
  readonly salt?: Uint8Array;
  readonly random?: Random;
}

/** Of each hash: what node:crypto calls it, its bytes, and iterations that slow a guesser down. */
export const scramHashes = {
  'SHA-256': { algorithm: 'sha256', bytes: 32, iterations: 600_000 },
  'SHA-512': { algorithm: 'sha512', bytes: 64, iterations: 210_000 },
} as const;

export const saltBytes = 16;
/** RFC 7677, section 4. */
const iterationsMin = 4096;
const iterationsMax = 0x7fff_ffff;

const derive = promisify(pbkdf2);

/**
 * Makes the credential for a password, off the main thread.
 *
 * @throws RangeError for a password that is empty or has characters that no password may have, and
 *   for options out of their range
 */
export async function scramCredential(
  password: string,
  options: ScramCredentialOptions,
): Promise<ScramCredential> {
  const { hash, random = systemRandom } = options;
  const { algorithm, bytes, iterations: iterationsDefault } = scramHashes[hash];
  const { iterations = iterationsDefault, salt = random.bytes(saltBytes) } = options;
  const prepared = saslPrep(password);
  if (prepared === null) throw new RangeError('password: is empty or has control characters');
  if (!Number.isInteger(iterations) || iterations < iterationsMin || iterations > iterationsMax) {
    throw new RangeError(`iterations: is ${iterations}, expected an integer of 4096 or above`);
  }
  if (salt.length < 1 || salt.length > 1024) {
    throw new RangeError(`salt: has ${salt.length} bytes, expected 1 to 1024`);
  }
  const salted = await derive(prepared, salt, iterations, bytes, algorithm);
  return {
    salt,
    iterations,
    storedKey: digest(hash, hmac(hash, salted, 'Client Key')),
    serverKey: hmac(hash, salted, 'Server Key'),
  };
}

/** `H(data)` */
export function digest(hash: ScramHash, data: Uint8Array): Uint8Array {
  return createHash(scramHashes[hash].algorithm).update(data).digest();
}

/** `HMAC(key, data)` */
export function hmac(hash: ScramHash, key: Uint8Array, data: string | Uint8Array): Uint8Array {
  return createHmac(scramHashes[hash].algorithm, key).update(data).digest();
}
