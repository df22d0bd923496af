/**
 * The client's side of one SCRAM exchange (RFC 5802, section 5): a name, a proof that we know its
 * password, and the check that the server knew it as well.
 */
import type { AuthExchange } from '../enhanced-auth.ts';
import { hmac, isEqual, type ScramHash, type ScramKeys } from './scram-keys.ts';
import {
  base64,
  escapedName,
  parseServerFinal,
  parseServerFirst,
  type ServerFirst,
  textOf,
} from './scram-messages.ts';

/** No channel binding: what carries MQTT gives us none to bind to. */
const header = 'n,,';

/** RFC 7677, section 4: fewer make a stolen exchange too easy to guess from. */
const iterationsMin = 4_096;

const utf8 = new TextEncoder();

export interface ScramExchangeInit {
  readonly hash: ScramHash;
  /** Prepared by SASLprep. */
  readonly username: string;
  /** Ours: printable ASCII without commas, never used before. */
  readonly nonce: string;
  /** A server that wants more iterations is not obeyed: each costs us time. */
  readonly iterationsMax: number;
  keys(salt: ServerFirst['salt'], iterations: number): Promise<ScramKeys>;
}

/** What the server's signature has to be made with. */
interface Proved {
  readonly serverKey: ScramKeys['serverKey'];
  readonly authMessage: string;
}

export class ScramExchange implements AuthExchange {
  readonly #init: ScramExchangeInit;
  readonly #firstBare: string;
  /** Null before our proof. */
  #proved: Proved | null;

  constructor(init: ScramExchangeInit) {
    this.#init = init;
    this.#firstBare = `n=${escapedName(init.username)},r=${init.nonce}`;
    this.#proved = null;
  }

  first(): Uint8Array {
    return utf8.encode(header + this.#firstBare);
  }

  async answer(data: Uint8Array | undefined): Promise<Uint8Array> {
    if (this.#proved !== null) throw new Error('the server asks for more after our proof');
    const { hash, nonce: ours, iterationsMax } = this.#init;
    const serverFirst = textOf(data);
    const { nonce, salt, iterations } = parseServerFirst(serverFirst);
    if (!nonce.startsWith(ours) || nonce.length === ours.length) {
      throw new Error('the nonce of the server does not extend ours');
    }
    if (iterations < iterationsMin || iterations > iterationsMax) {
      const expected = `${iterationsMin} to ${iterationsMax}`;
      throw new Error(`the server wants ${iterations} iterations, expected ${expected}`);
    }
    const { clientKey, storedKey, serverKey } = await this.#init.keys(salt, iterations);
    const withoutProof = `c=${btoa(header)},r=${nonce}`;
    const authMessage = `${this.#firstBare},${serverFirst},${withoutProof}`;
    const signature = await hmac(hash, storedKey, authMessage);
    this.#proved = { serverKey, authMessage };
    const proof = clientKey.map((byte, at) => byte ^ signature[at]);
    return utf8.encode(`${withoutProof},p=${base64(proof)}`);
  }

  async finish(data: Uint8Array | undefined): Promise<void> {
    const proved = this.#proved;
    if (proved === null) throw new Error('the server is content without our proof');
    const signature = parseServerFinal(textOf(data));
    const expected = await hmac(this.#init.hash, proved.serverKey, proved.authMessage);
    if (!isEqual(signature, expected)) throw new Error('the server does not know our password');
  }
}
