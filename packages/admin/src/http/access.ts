/** Who may ask: tokens with scopes and an end, and how often each may. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@godwit/runtime';
import { Problem } from './problem.ts';

/** `metrics` is for scraping, `read` for looking, `write` for changing; each is for itself. */
export const scopes = ['metrics', 'read', 'write'] as const;
export type Scope = (typeof scopes)[number];

export interface AdminToken {
  readonly name: string;
  /** SHA-256 of the token, in lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  /** Wall time in milliseconds; undefined: it never ends. */
  readonly expiresAtMs?: number | undefined;
}

/** Whoever asks, remembered for a second each; more at once share one place. */
const callersMax = 1024;
const others = 'others';

export class Access {
  readonly #tokens: readonly AdminToken[];
  readonly #perSecondMax: number;
  readonly #clock: Clock;
  /** Requests in this second by who asked. */
  readonly #counts: Map<string, number>;
  #second: number;

  /** @param tokens without any, everybody on this machine may ask everything */
  constructor(tokens: readonly AdminToken[], perSecondMax: number, clock: Clock) {
    this.#tokens = tokens;
    this.#perSecondMax = perSecondMax;
    this.#clock = clock;
    this.#counts = new Map();
    this.#second = 0;
  }

  /**
   * @returns the name of who asks
   * @throws Problem for whoever may not
   */
  admit(request: Request, address: string, scope: Scope): string {
    const token = this.#token(request, address);
    const name = token?.name ?? address;
    this.#count(name);
    if (token !== null && !token.scopes.includes(scope)) {
      throw new Problem(403, `token ${token.name} lacks the scope ${scope}`);
    }
    return name;
  }

  #token(request: Request, address: string): AdminToken | null {
    if (this.#tokens.length === 0) {
      // Else a page in somebody's browser could get here by a name of its own.
      const { hostname } = new URL(request.url);
      if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) return null;
      throw new Problem(421, 'expected the Host localhost, 127.0.0.1 or [::1]');
    }
    const given = /^Bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
    const hash = createHash('sha256').update(given).digest();
    const token = this.#tokens.find(({ sha256 }) =>
      timingSafeEqual(hash, Buffer.from(sha256, 'hex')),
    );
    if (token === undefined) {
      this.#count(address);
      throw new Problem(401, 'expected Authorization: Bearer and a token that is known');
    }
    if (token.expiresAtMs !== undefined && token.expiresAtMs <= this.#clock.wallMs()) {
      throw new Problem(401, `token ${token.name} has expired`);
    }
    return token;
  }

  #count(name: string): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#counts.clear();
    }
    const isKnown = this.#counts.has(name) || this.#counts.size < callersMax;
    const key = isKnown ? name : others;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count > this.#perSecondMax) {
      throw new Problem(429, `at most ${this.#perSecondMax} requests in a second`);
    }
  }
}
