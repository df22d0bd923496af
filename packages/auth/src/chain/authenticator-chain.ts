/**
 * Asks authenticators one after the other who a client is. The first that allows or denies decides;
 * whom nobody knows is denied. One that fails or takes too long lets nobody in.
 */
import type {
  AuthenticateAnswer,
  ConnectRefusal,
  ConnectRequest,
  RefusalCode,
} from '@godwit/broker';
import { ReasonCode } from '@godwit/protocol';
import { type Clock, systemClock } from '@godwit/runtime';
import { Identity } from '../identity.ts';
import type { Allowed, Authenticator, Verdict } from './authenticator.ts';
import { GateFullError } from './gate.ts';

export interface ChainLink {
  readonly authenticator: Authenticator;
  /**
   * When it fails or takes too long: the client is refused with 0x88, or the next one is asked;
   * 'refuse' by default.
   */
  readonly onError?: 'refuse' | 'next';
}

export interface AuthenticatorChainOptions {
  readonly links: readonly ChainLink[];
  /**
   * Whether a client that nobody knows, and that claims nothing, may connect without a name. Where
   * there are no authenticators, it may claim what it likes.
   */
  readonly allowsAnonymous: (request: ConnectRequest) => boolean;
  /** Milliseconds that one authenticator may take; 5,000 by default. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

/** What one authenticator said. */
export interface ChainStep {
  readonly authenticator: string;
  readonly verdict: Verdict['verdict'] | 'error';
  readonly why: string;
}

export interface ChainDecision {
  readonly answer: AuthenticateAnswer;
  /** Who said what, in order; the last one decided. */
  readonly steps: readonly ChainStep[];
}

const timeoutMsDefault = 5_000;

export class AuthenticatorChain {
  readonly #links: readonly ChainLink[];
  readonly #allowsAnonymous: (request: ConnectRequest) => boolean;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor(options: AuthenticatorChainOptions) {
    this.#links = options.links;
    this.#allowsAnonymous = options.allowsAnonymous;
    this.#timeoutMs = options.timeoutMs ?? timeoutMsDefault;
    this.#clock = options.clock ?? systemClock;
  }

  async decide(request: ConnectRequest): Promise<ChainDecision> {
    const steps: ChainStep[] = [];
    for (const { authenticator, onError = 'refuse' } of this.#links) {
      const { name } = authenticator;
      try {
        const verdict = await this.#inTime(authenticator, request);
        if (verdict.verdict === 'allow') {
          steps.push({ authenticator: name, verdict: 'allow', why: 'knows the client' });
          return { answer: welcome(name, verdict), steps };
        }
        const { why } = verdict;
        steps.push({ authenticator: name, verdict: verdict.verdict, why });
        if (verdict.verdict === 'deny') {
          const { reasonCode = ReasonCode.badUserNameOrPassword } = verdict;
          return { answer: { reasonCode }, steps };
        }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        steps.push({ authenticator: name, verdict: 'error', why });
        if (error instanceof GateFullError) return refused(ReasonCode.serverBusy, steps);
        if (onError === 'refuse') return refused(ReasonCode.serverUnavailable, steps);
      }
    }
    return this.#unknown(request, steps);
  }

  #unknown(request: ConnectRequest, steps: ChainStep[]): ChainDecision {
    const { username, password } = request;
    const claims = username !== undefined || password !== undefined;
    const isAsked = this.#links.length === 0 || !claims;
    const isAllowed = isAsked && this.#allowsAnonymous(request);
    const authenticator = 'anonymous';
    if (isAllowed) {
      steps.push({ authenticator, verdict: 'allow', why: 'may connect without a name' });
      const identity = new Identity({ source: authenticator, isAnonymous: true });
      return { answer: { reasonCode: ReasonCode.success, identity }, steps };
    }
    const why = isAsked ? 'must not connect without a name' : 'nobody knows the client';
    steps.push({ authenticator, verdict: 'deny', why });
    return refused(isAsked ? ReasonCode.notAuthorized : ReasonCode.badUserNameOrPassword, steps);
  }

  /** @throws Error when it fails, or does not answer in time */
  async #inTime(authenticator: Authenticator, request: ConnectRequest): Promise<Verdict> {
    const answer = authenticator.authenticate(request);
    if (!(answer instanceof Promise)) return answer;
    const late = Promise.withResolvers<never>();
    const timer = this.#clock.after(this.#timeoutMs, () => {
      late.reject(new Error(`no answer within ${this.#timeoutMs} ms`));
    });
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      timer.cancel();
    }
  }
}

function welcome(source: string, allowed: Allowed): AuthenticateAnswer {
  const { verdict: _, username, expiresAtMs, ...known } = allowed;
  return {
    reasonCode: ReasonCode.success,
    ...(username !== undefined && { username }),
    identity: new Identity({ source, ...known }),
    expiresAtMs,
  };
}

function refused(reasonCode: RefusalCode, steps: readonly ChainStep[]): ChainDecision {
  const answer: ConnectRefusal = { reasonCode };
  return { answer, steps };
}
