/**
 * Asks a service over HTTP who a client is: POST with what the client says, as JSON. Remembers
 * answers for a while where it may, under a hash, so that no password stays in memory.
 */
import { createHmac } from 'node:crypto';
import type { ConnectRequest } from '@godwit/broker';
import { type Clock, type Random, systemClock, systemRandom } from '@godwit/runtime';
import { clientRules } from '../acl/acl-rule.ts';
import type { Authenticator, Verdict } from '../chain/authenticator.ts';
import { Gate } from '../chain/gate.ts';
import { boundedFetch } from './bounded-fetch.ts';

export interface HttpOptions {
  readonly url: string;
  /** Goes along as `Authorization: Bearer …`. */
  readonly bearerToken?: string | undefined;
  /** Seconds that `allow` is remembered; 0, not at all, by default. */
  readonly cacheSeconds?: number | undefined;
  /** Seconds that `deny` and `ignore` are remembered; 0 by default. */
  readonly cacheDeniedSeconds?: number | undefined;
  /** Answers that are remembered; the oldest is forgotten first; 10,000 by default. */
  readonly cacheEntriesMax?: number | undefined;
  /** Requests at the same time; 16 by default. */
  readonly requestsMax?: number | undefined;
  /** Clients that wait for that; 1,000 by default. */
  readonly waitingMax?: number | undefined;
  /** Milliseconds; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

interface Remembered {
  readonly verdict: Verdict;
  readonly untilMs: number;
}

type Json = Readonly<Record<string, unknown>>;

const answerBytesMax = 65_536;
const listMax = 1_000;

export class HttpAuthenticator implements Authenticator {
  readonly name: string;
  readonly #options: HttpOptions;
  readonly #clock: Clock;
  readonly #gate: Gate;
  readonly #secret: Uint8Array;
  readonly #answers: Map<string, Remembered>;

  constructor(options: HttpOptions) {
    const { clock = systemClock, random = systemRandom } = options;
    // Without what a URL may hold besides: it is for logs.
    const { origin, pathname } = new URL(options.url);
    this.name = `http ${origin}${pathname}`;
    this.#options = options;
    this.#clock = clock;
    this.#gate = new Gate(options.requestsMax ?? 16, options.waitingMax ?? 1_000);
    this.#secret = random.bytes(32);
    this.#answers = new Map();
  }

  async authenticate(request: ConnectRequest): Promise<Verdict> {
    const { cacheSeconds = 0, cacheDeniedSeconds = 0 } = this.#options;
    const body = bodyOf(request);
    if (cacheSeconds === 0 && cacheDeniedSeconds === 0) {
      return this.#gate.run(() => this.#ask(body));
    }
    const key = createHmac('sha256', this.#secret).update(body).digest('base64');
    const known = this.#answers.get(key);
    if (known !== undefined && known.untilMs > this.#clock.monotonicMs()) return known.verdict;
    const verdict = await this.#gate.run(() => this.#ask(body));
    const seconds = verdict.verdict === 'allow' ? cacheSeconds : cacheDeniedSeconds;
    if (seconds > 0) this.#remember(key, verdict, seconds);
    return verdict;
  }

  /** What was remembered is forgotten. */
  async reload(): Promise<void> {
    this.#answers.clear();
  }

  #remember(key: string, verdict: Verdict, seconds: number): void {
    this.#answers.delete(key);
    const { cacheEntriesMax = 10_000 } = this.#options;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined && this.#answers.size >= cacheEntriesMax) this.#answers.delete(oldest);
    const untilMs = this.#clock.monotonicMs() + seconds * 1000;
    this.#answers.set(key, { verdict, untilMs });
  }

  /** @throws Error for an answer that is none */
  async #ask(body: string): Promise<Verdict> {
    const { url, bearerToken, timeoutMs = 5_000 } = this.#options;
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      accept: 'application/json',
    };
    if (bearerToken !== undefined) headers.authorization = `Bearer ${bearerToken}`;
    const bounds = { timeoutMs, bytesMax: answerBytesMax, clock: this.#clock };
    const init = { method: 'POST', headers, body };
    const { status, text } = await boundedFetch(url, init, bounds);
    if (status === 401 || status === 403) return { verdict: 'deny', why: `HTTP ${status}` };
    if (status !== 200) throw new Error(`answered HTTP ${status}; expected 200, 401 or 403`);
    return verdictOf(text);
  }
}

function bodyOf(request: ConnectRequest): string {
  const { clientId, username, password, protocolVersion, remoteAddress, peerCertificate } = request;
  return JSON.stringify({
    clientId,
    username,
    password: password && new TextDecoder().decode(password),
    protocolVersion,
    remoteAddress,
    certificate: peerCertificate,
  });
}

/** @throws Error for what no service may answer; AclRuleError for rules that are none */
function verdictOf(text: string): Verdict {
  const answer = objectOf(text);
  const { result, username, acl, expiresAt } = answer;
  if (result === 'ignore') return { verdict: 'ignore', why: 'it does not know the client' };
  if (result === 'deny') return { verdict: 'deny', why: 'it refuses the client' };
  if (result !== 'allow') throw new Error('result: expected "allow", "deny" or "ignore"');
  if (username !== undefined && (typeof username !== 'string' || username === '')) {
    throw new Error('username: expected a text');
  }
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || !(expiresAt >= 0))) {
    throw new Error('expiresAt: expected seconds since 1970');
  }
  return {
    verdict: 'allow',
    ...(username !== undefined && { username }),
    groups: groupsOf(answer.groups),
    attributes: attributesOf(answer.attributes),
    ...(acl !== undefined && { rules: clientRules(acl, 'service') }),
    ...(expiresAt !== undefined && { expiresAtMs: expiresAt * 1000 }),
  };
}

function groupsOf(value: unknown = []): readonly string[] {
  const isList = Array.isArray(value) && value.length <= listMax;
  if (isList && value.every(one => typeof one === 'string')) return value;
  throw new Error(`groups: expected at most ${listMax} texts`);
}

function attributesOf(value: unknown = {}): Readonly<Record<string, string>> {
  if (isObject(value)) {
    const entries = Object.entries(value);
    const isGood = entries.every(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    if (isGood && entries.length <= listMax) return Object.fromEntries(entries);
  }
  throw new Error(`attributes: expected at most ${listMax} texts by name`);
}

function objectOf(text: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isObject(value)) return value;
  throw new Error('the answer is no object of JSON');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
