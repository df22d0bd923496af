/**
 * SCRAM credentials as password files have them, in the notation of PostgreSQL:
 * `SCRAM-SHA-256$600000:salt$StoredKey:ServerKey`. They check a password that is sent, too.
 */
import { timingSafeEqual } from 'node:crypto';
import {
  type ScramCredential,
  type ScramCredentialOptions,
  type ScramHash,
  scramCredential,
  scramHashes,
} from '../scram/scram-credential.ts';

export interface StoredScram {
  readonly hash: ScramHash;
  readonly credential: ScramCredential;
}

const base64 = '([A-Za-z0-9+/]+={0,2})';
const form = new RegExp(`^SCRAM-(SHA-256|SHA-512)\\$(\\d{4,8}):${base64}\\$${base64}:${base64}$`);
const iterationsMax = 10_000_000;

/** @throws RangeError for a password that SCRAM does not take */
export async function scramHash(
  password: string,
  options: ScramCredentialOptions,
): Promise<string> {
  const { salt, iterations, storedKey, serverKey } = await scramCredential(password, options);
  const [salt64, stored64, server64] = [salt, storedKey, serverKey].map(bytes =>
    Buffer.from(bytes).toString('base64'),
  );
  return `SCRAM-${options.hash}$${iterations}:${salt64}$${stored64}:${server64}`;
}

/** The credential in `text`; null where it is none, or costs too much. */
export function storedScram(text: string): StoredScram | null {
  const [, name, count, ...parts] = form.exec(text) ?? [];
  if (name === undefined) return null;
  const hash = name as ScramHash;
  const iterations = Number(count);
  const [salt, storedKey, serverKey] = parts.map(part => Buffer.from(part, 'base64'));
  const { bytes } = scramHashes[hash];
  if (iterations < 4096 || iterations > iterationsMax) return null;
  if (storedKey.length !== bytes || serverKey.length !== bytes) return null;
  return { hash, credential: { salt, iterations, storedKey, serverKey } };
}

/** Whether a password that was sent is the one that the credential is of. */
export async function matchesScram(
  { hash, credential }: StoredScram,
  password: Uint8Array,
): Promise<boolean> {
  const { salt, iterations, storedKey } = credential;
  const text = new TextDecoder().decode(password);
  try {
    const made = await scramCredential(text, { hash, salt, iterations });
    return timingSafeEqual(made.storedKey, storedKey);
  } catch (error) {
    // No password of SCRAM can be like that.
    if (error instanceof RangeError) return false;
    throw error;
  }
}
