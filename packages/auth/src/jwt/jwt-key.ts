/** What tokens are checked with: a shared secret, a public key, or the keys that an issuer serves. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '@godwit/runtime';
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose';
import { boundedFetch } from '../http/bounded-fetch.ts';

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

const secretBytesMin = 32;
const jwksBytesMax = 1024 * 1024;
/** Keys are asked for again after this, and when a token names one that is not there. */
const jwksAgeMs = 600_000;
const jwksCooldownMs = 30_000;

const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const byCurve: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const edwards = ['EdDSA', 'Ed25519'];

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
  return { key, algorithms: [...rsa, ...Object.values(byCurve), ...edwards] };
}

/** @throws Error for one that is too short */
export function secretKey(file: string, text: string): JwtKey {
  const key = new TextEncoder().encode(text.replace(/\r?\n$/, ''));
  if (key.length < secretBytesMin) {
    throw new Error(
      `${file} has ${key.length} bytes; expected a secret of ${secretBytesMin} or more`,
    );
  }
  return { key, algorithms: ['HS256', 'HS384', 'HS512'] };
}

/** @throws Error for what is no public key in PEM, or of no kind that is known */
export function publicKey(file: string, text: string): JwtKey {
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw new Error(`${file} is no public key or certificate in PEM`);
  }
  const algorithms = algorithmsOf(key);
  if (algorithms.length === 0) {
    throw new Error(`${file} is of no known kind; expected RSA, EC (P-256, 384, 521) or Ed25519`);
  }
  return { key, algorithms };
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string[] {
  switch (asymmetricKeyType) {
    case 'rsa':
      return rsa;
    case 'ec':
      return [byCurve[asymmetricKeyDetails?.namedCurve ?? '']].filter(name => name !== undefined);
    case 'ed25519':
      return edwards;
    default:
      return [];
  }
}
