/**
 * The server's side of one SCRAM exchange (RFC 5802, section 5): a nonce and a salt for a name,
 * then a proof for a proof. A name that nobody has gets as far as one that somebody has.
 */
import { timingSafeEqual } from 'node:crypto';
import type { AuthExchange, AuthStep, Awaitable, ConnectRefusal } from '@godwit/broker';
import { ReasonCode } from '@godwit/protocol';
import {
  digest,
  hmac,
  type ScramCredential,
  type ScramHash,
  scramHashes,
} from './scram-credential.ts';
import {
  type ClientFinal,
  type ClientFirst,
  parseClientFinal,
  parseClientFirst,
} from './scram-messages.ts';

/** A user's credential, and whether there is such a user. */
export interface ScramUser {
  readonly credential: ScramCredential;
  readonly isKnown: boolean;
}

const more: AuthStep = { reasonCode: ReasonCode.continueAuthentication };
const malformed: ConnectRefusal = {
  reasonCode: ReasonCode.notAuthorized,
  reasonString: 'Authentication Data is not what SCRAM expects',
};
const wrong: ConnectRefusal = { reasonCode: ReasonCode.badUserNameOrPassword };

/** What the client's final message has to fit. */
interface Challenge {
  readonly first: ClientFirst;
  readonly user: ScramUser;
  readonly nonce: string;
  readonly serverFirst: string;
}

export class ScramExchange implements AuthExchange {
  readonly #hash: ScramHash;
  readonly #find: (username: string) => Awaitable<ScramUser>;
  readonly #nonce: string;
  /** Null before the client's first message. */
  #challenge: Challenge | null;

  /** @param nonce our part of it: printable ASCII without commas, never used before */
  constructor(hash: ScramHash, find: (username: string) => Awaitable<ScramUser>, nonce: string) {
    this.#hash = hash;
    this.#find = find;
    this.#nonce = nonce;
    this.#challenge = null;
  }

  next(data: Uint8Array | undefined): Awaitable<AuthStep> {
    if (this.#challenge !== null) return this.#finish(this.#challenge, data);
    // RFC 4422, section 3.3: a client may leave it to us to ask for its first message.
    if (data === undefined) return more;
    const first = parseClientFirst(data);
    if (first === null) return malformed;
    const user = this.#find(first.username);
    return user instanceof Promise
      ? user.then(found => this.#begin(first, found))
      : this.#begin(first, user);
  }

  #begin(first: ClientFirst, user: ScramUser): AuthStep {
    const { salt, iterations, storedKey, serverKey } = user.credential;
    const { bytes } = scramHashes[this.#hash];
    if (storedKey.length !== bytes || serverKey.length !== bytes) {
      throw new TypeError(`credential: its keys are not of ${this.#hash}`);
    }
    const nonce = first.nonce + this.#nonce;
    const serverFirst = `r=${nonce},s=${base64(salt)},i=${iterations}`;
    this.#challenge = { first, user, nonce, serverFirst };
    return { reasonCode: ReasonCode.continueAuthentication, data: Buffer.from(serverFirst) };
  }

  #finish({ first, user, nonce, serverFirst }: Challenge, data: Uint8Array | undefined): AuthStep {
    const final = data === undefined ? null : parseClientFinal(data);
    if (
      final === null ||
      final.nonce !== nonce ||
      final.channelBinding !== base64(Buffer.from(first.gs2Header)) ||
      final.proof.length !== scramHashes[this.#hash].bytes
    ) {
      return malformed;
    }
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
    const isProved = this.#isProved(user.credential, final, authMessage);
    if (!isProved || !user.isKnown) return wrong;
    const signature = hmac(this.#hash, user.credential.serverKey, authMessage);
    return {
      reasonCode: ReasonCode.success,
      username: first.username,
      data: Buffer.from(`v=${base64(signature)}`),
    };
  }

  /** Whether the proof holds the key of which we store the hash. */
  #isProved({ storedKey }: ScramCredential, { proof }: ClientFinal, authMessage: string): boolean {
    const signature = hmac(this.#hash, storedKey, authMessage);
    const clientKey = proof.map((byte, i) => byte ^ signature[i]);
    return timingSafeEqual(digest(this.#hash, clientKey), storedKey);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
