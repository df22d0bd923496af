/** The cryptography of SCRAM (RFC 5802, section 3), by Web Crypto, which browsers have as well. */

export type ScramHash = 'SHA-256' | 'SHA-512';

type Bytes = Uint8Array<ArrayBuffer>;

/** What a password comes to with a server's salt: enough to log in, as the password itself. */
export interface ScramKeys {
  readonly clientKey: Bytes;
  readonly storedKey: Bytes;
  readonly serverKey: Bytes;
}

const hashBits = { 'SHA-256': 256, 'SHA-512': 512 } as const;
const utf8 = new TextEncoder();

/** Takes as long as the server wants it to: it is the number of iterations that makes it slow. */
export async function scramKeys(
  hash: ScramHash,
  password: string,
  salt: Bytes,
  iterations: number,
): Promise<ScramKeys> {
  const subtle: typeof crypto.subtle | undefined = crypto.subtle;
  if (subtle === undefined) throw new Error('there is no Web Crypto: a page needs https for it');
  const secret = await subtle.importKey('raw', utf8.encode(password), 'PBKDF2', false, [
    'deriveBits',
  ]);
  const derivation = { name: 'PBKDF2', hash, salt, iterations };
  const salted = new Uint8Array(await subtle.deriveBits(derivation, secret, hashBits[hash]));
  const clientKey = await hmac(hash, salted, 'Client Key');
  return {
    clientKey,
    storedKey: new Uint8Array(await subtle.digest(hash, clientKey)),
    serverKey: await hmac(hash, salted, 'Server Key'),
  };
}

/** `HMAC(key, text)` */
export async function hmac(hash: ScramHash, key: Bytes, text: string): Promise<Bytes> {
  const algorithm = { name: 'HMAC', hash };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, utf8.encode(text)));
}

/** Whether they are the same, in a time that does not tell where they differ. */
export function isEqual(one: Bytes, other: Bytes): boolean {
  let difference = one.length ^ other.length;
  one.forEach((byte, at) => {
    difference |= byte ^ (other[at] ?? 0);
  });
  return difference === 0;
}
