/** Keys that are kept in files: what they are, and which algorithms go with them. */
import { createPublicKey, type KeyObject } from 'node:crypto';

export interface FileKey {
  readonly key: KeyObject | Uint8Array;
  /** Those that go with the key: a token cannot choose another kind. */
  readonly algorithms: string[];
}

const secretBytesMin = 32;

const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const byCurve: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};
const edwards = ['EdDSA', 'Ed25519'];

/** All that a public key may be used with. */
export const publicAlgorithms: readonly string[] = [...rsa, ...Object.values(byCurve), ...edwards];

/** @throws Error for one that is too short */
export function secretKey(file: string, text: string): FileKey {
  const key = new TextEncoder().encode(text.replace(/\r?\n$/, ''));
  if (key.length < secretBytesMin) {
    throw new Error(
      `${file} has ${key.length} bytes; expected a secret of ${secretBytesMin} or more`,
    );
  }
  return { key, algorithms: ['HS256', 'HS384', 'HS512'] };
}

/** @throws Error for what is no public key in PEM, or of no kind that is known */
export function publicKey(file: string, text: string): FileKey {
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
