/** The client's side of SCRAM (RFC 5802, RFC 7677), the method that enhanced authentication uses. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** What a client proves who it is with. */
export interface ScramCredentials {
  /** `SCRAM-SHA-1`, `SCRAM-SHA-256` or `SCRAM-SHA-512`. */
  readonly method: string;
  readonly username: string;
  /** ASCII: nothing is normalized. */
  readonly password: string;
}

/** Methods that {@link ScramClient} speaks. */
export const scramMethods = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

const iterationsMax = 1_000_000;
/** No channel binding, no other identity to act for. */
const header = 'n,,';

/** One exchange: {@link first}, {@link final}, {@link verify}, in this order. */
export class ScramClient {
  readonly method: string;
  readonly #hash: string;
  readonly #password: string;
  readonly #firstBare: string;
  readonly #nonce: string;
  #serverSignature: string;

  constructor({ method, username, password }: ScramCredentials, nonce: string) {
    const escaped = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.method = method;
    this.#hash = method.replace('SCRAM-SHA-', 'sha').replace('-', '');
    this.#password = password;
    this.#nonce = nonce;
    this.#firstBare = `n=${escaped},r=${nonce}`;
    this.#serverSignature = '';
  }

  /** The data of CONNECT, or of the AUTH that begins again. */
  first(): Uint8Array {
    return new TextEncoder().encode(`${header}${this.#firstBare}`);
  }

  /**
   * The data that answers the server's challenge.
   *
   * @throws Error when the challenge is none
   */
  final(challenge: Uint8Array | undefined): Uint8Array {
    const text = new TextDecoder().decode(challenge);
    const [, nonce, salt, count] = /^r=([^,]+),s=([^,]+),i=(\d+)/.exec(text) ?? [];
    const iterations = Number(count);
    if (!nonce?.startsWith(this.#nonce) || iterations > iterationsMax) {
      throw new Error(`'${text}' is no challenge of ${this.method}`);
    }
    const hash = this.#hash;
    const size = createHash(hash).digest().length;
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), iterations, size, hash);
    const clientKey = this.#sign(salted, 'Client Key');
    const storedKey = createHash(hash).update(clientKey).digest();
    const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${nonce}`;
    const message = `${this.#firstBare},${text},${withoutProof}`;
    const signature = this.#sign(storedKey, message);
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ signature[at]));
    this.#serverSignature = this.#sign(this.#sign(salted, 'Server Key'), message).toString(
      'base64',
    );
    return new TextEncoder().encode(`${withoutProof},p=${proof.toString('base64')}`);
  }

  /**
   * Checks that the server knows the password too.
   *
   * @param success the data that came with the success
   * @throws Error when it does not
   */
  verify(success: Uint8Array | undefined): void {
    const text = new TextDecoder().decode(success);
    if (text === `v=${this.#serverSignature}`) return;
    throw new Error(`'${text}' does not prove that the server knows the password`);
  }

  #sign(key: Uint8Array, text: string): Buffer {
    return createHmac(this.#hash, key).update(text).digest();
  }
}
