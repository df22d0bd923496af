/** The client's side of SCRAM, for tests; by RFC 5802, from nothing that the server's side uses. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

type Algorithm = 'sha256' | 'sha512';

export interface ScramClientFinal {
  /** client-final-message */
  readonly message: string;
  /** What server-final-message has to be. */
  readonly expected: string;
}

/** client-first-message, `name` being escaped already. */
export function clientFirst(name: string, nonce: string): string {
  return `n,,n=${name},r=${nonce}`;
}

/** Answers server-first-message. */
export function clientFinal(
  algorithm: Algorithm,
  password: string,
  first: string,
  serverFirst: string,
): ScramClientFinal {
  const [, nonce, salt, iterations] = /^r=(.+),s=(.+),i=(\d+)$/.exec(serverFirst) ?? [];
  const length = algorithm === 'sha256' ? 32 : 64;
  const hmac = (key: Uint8Array, text: string): Buffer =>
    createHmac(algorithm, key).update(text).digest();
  const salted = pbkdf2Sync(
    password,
    Buffer.from(salt, 'base64'),
    Number(iterations),
    length,
    algorithm,
  );
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash(algorithm).update(clientKey).digest();
  const withoutProof = `c=biws,r=${nonce}`;
  const authMessage = `${first.slice(3)},${serverFirst},${withoutProof}`;
  const signature = hmac(storedKey, authMessage);
  const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]));
  return {
    message: `${withoutProof},p=${proof.toString('base64')}`,
    expected: `v=${hmac(hmac(salted, 'Server Key'), authMessage).toString('base64')}`,
  };
}
