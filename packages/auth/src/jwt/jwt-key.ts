/** What tokens are checked with: a shared secret, a public key, or the keys that an issuer serves. */
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '@godwit/runtime';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { boundedFetch } from '../http/bounded-fetch.ts';
import { publicAlgorithms, publicKey, secretKey } from './file-key.ts';

/** One of the three. */
export type JwtKeySource =
  | { readonly secretFile: string }
  | { readonly keyFile: string }
  | { readonly jwksUrl: string };

export interface JwtKey {
  readonly key: KeyObject | Uint8Array | JWTVerifyGetKey;
  /** Those that go with the key: a token cannot choose another kind. */
  readonly algorithms: string[];
}

const jwksBytesMax = 1024 * 1024;
/** Keys are asked for again after this, and when a token names one that is not there. */
const jwksAgeMs = 600_000;
const jwksCooldownMs = 30_000;

/** @throws Error for a file that cannot be read, or is no key of a kind that is known */
export async function jwtKey(
  source: JwtKeySource,
  timeoutMs: number,
  clock: Clock,
): Promise<JwtKey> {
  if ('secretFile' in source) {
    return secretKey(source.secretFile, await readFile(source.secretFile, 'utf8'));
  }
  if ('keyFile' in source) return publicKey(source.keyFile, await readFile(source.keyFile, 'utf8'));
  const key = createRemoteJWKSet(new URL(source.jwksUrl), {
    timeoutDuration: timeoutMs,
    cooldownDuration: jwksCooldownMs,
    cacheMaxAge: jwksAgeMs,
    [customFetch]: async (url, { headers }) => {
      const bounds = { timeoutMs, bytesMax: jwksBytesMax, clock };
      const { status, text } = await boundedFetch(url, { headers }, bounds);
      return new Response(text, { status });
    },
  });
  return { key, algorithms: [...publicAlgorithms] };
}
