/**
 * Knows clients by a token (JWT) in CONNECT, or in AUTH, where a client may renew it: user name,
 * groups, attributes, rules and an end are what its claims say. Issues none.
 */
import type { AuthExchange, AuthMethod, AuthStep, ConnectRequest } from '@godwit/broker';
import { ReasonCode } from '@godwit/protocol';
import { type Clock, systemClock } from '@godwit/runtime';
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { AclRuleError, clientRules } from '../acl/acl-rule.ts';
import type { Allowed, Authenticator, Denied, Verdict } from '../chain/authenticator.ts';
import { Identity } from '../identity.ts';
import { type JwtKey, type JwtKeySource, jwtKey } from './jwt-key.ts';

export interface JwtOptions {
  readonly source: JwtKeySource;
  /** A token of another issuer is left to the next authenticator. */
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** Seconds by which clocks may differ; 30 by default. */
  readonly leewaySeconds?: number | undefined;
  /** Where CONNECT has the token; 'password' by default. */
  readonly tokenIn?: 'password' | 'username' | undefined;
  /** 'sub' by default. */
  readonly usernameClaim?: string | undefined;
  /** A list of texts; 'groups' by default. */
  readonly groupsClaim?: string | undefined;
  /** A list of rules; 'acl' by default. */
  readonly aclClaim?: string | undefined;
  /** Milliseconds to wait for keys; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

const form = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const tokenLengthMax = 16_384;
const groupsMax = 1_000;
const attributesMax = 100;
const attributeLengthMax = 1_024;

/** Faults of the token; all others mean that it could not be checked. */
const tokenFaults: readonly string[] = [
  errors.JWTExpired.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWTInvalid.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
];

export class JwtAuthenticator implements Authenticator {
  readonly name: string;
  readonly authMethods: readonly AuthMethod[];
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  readonly #leewaySeconds: number;
  #key: JwtKey | null;

  /** @throws Error when the key cannot be used; one that is served is not asked for yet */
  static async open(options: JwtOptions): Promise<JwtAuthenticator> {
    const authenticator = new JwtAuthenticator(options);
    await authenticator.reload();
    return authenticator;
  }

  private constructor(options: JwtOptions) {
    const { issuer, clock = systemClock, leewaySeconds = 30 } = options;
    this.name = issuer === undefined ? 'jwt' : `jwt ${issuer}`;
    this.#options = options;
    this.#clock = clock;
    this.#leewaySeconds = leewaySeconds;
    this.#key = null;
    this.authMethods = [{ name: 'JWT', begin: () => this.#exchange() }];
  }

  async reload(): Promise<void> {
    const { source, timeoutMs = 5_000 } = this.#options;
    this.#key = await jwtKey(source, timeoutMs, this.#clock);
  }

  async authenticate({ username, password }: ConnectRequest): Promise<Verdict> {
    const isName = this.#options.tokenIn === 'username';
    const token = isName ? username : password && new TextDecoder().decode(password);
    if (token === undefined || token.length > tokenLengthMax || !form.test(token)) {
      return { verdict: 'ignore', why: 'no token' };
    }
    const { issuer } = this.#options;
    if (issuer !== undefined && issuerOf(token) !== issuer) {
      return { verdict: 'ignore', why: 'no token of this issuer' };
    }
    return this.#verified(token);
  }

  /** One step: the token, or the wish to be asked for it. */
  #exchange(): AuthExchange {
    return {
      next: async (data): Promise<AuthStep> => {
        if (data === undefined) return { reasonCode: ReasonCode.continueAuthentication };
        const token = new TextDecoder().decode(data);
        const isToken = token.length <= tokenLengthMax && form.test(token);
        if (!isToken) return { reasonCode: ReasonCode.notAuthorized };
        const verdict = await this.#verified(token).catch(() => null);
        if (verdict === null) return { reasonCode: ReasonCode.serverUnavailable };
        if (verdict.verdict === 'deny') return { reasonCode: ReasonCode.notAuthorized };
        const { verdict: _, username, expiresAtMs, ...known } = verdict;
        const identity = new Identity({ source: this.name, ...known });
        return { reasonCode: ReasonCode.success, username, identity, expiresAtMs };
      },
    };
  }

  /** @throws Error when the key cannot be got */
  async #verified(token: string): Promise<(Allowed & { username: string }) | Denied> {
    const { issuer, audience, aclClaim = 'acl' } = this.#options;
    const { key, algorithms } = this.#key!;
    try {
      const { payload } = await jwtVerify(token, key as JWTVerifyGetKey, {
        algorithms,
        clockTolerance: this.#leewaySeconds,
        currentDate: new Date(this.#clock.wallMs()),
        requiredClaims: ['exp'],
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      });
      const username = payload[this.#options.usernameClaim ?? 'sub'];
      if (typeof username !== 'string' || username === '') {
        return { verdict: 'deny', why: 'the token names no user' };
      }
      const acl = payload[aclClaim];
      return {
        verdict: 'allow',
        username,
        groups: this.#groups(payload),
        attributes: attributesOf(payload),
        ...(acl !== undefined && { rules: clientRules(acl, 'token') }),
        expiresAtMs: (payload.exp! + this.#leewaySeconds) * 1000,
      };
    } catch (error) {
      const isFault = error instanceof errors.JOSEError && tokenFaults.includes(error.code);
      if (isFault || error instanceof AclRuleError) return { verdict: 'deny', why: error.message };
      throw error;
    }
  }

  #groups(payload: JWTPayload): readonly string[] {
    const groups = payload[this.#options.groupsClaim ?? 'groups'];
    if (!Array.isArray(groups)) return [];
    return groups.filter(group => typeof group === 'string').slice(0, groupsMax);
  }
}

/** The claims that are texts, numbers or booleans, as texts. */
function attributesOf(payload: JWTPayload): Readonly<Record<string, string>> {
  const scalars = Object.entries(payload)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => [name, String(value)] as const)
    .filter(([, value]) => value.length <= attributeLengthMax);
  return Object.fromEntries(scalars.slice(0, attributesMax));
}

/** What a token that has not been checked says. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}
