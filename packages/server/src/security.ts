/**
 * Who may connect and what they may do, as the configuration says: the authenticators, the rules,
 * and both anew when their files change. What is done at the hooks is theirs.
 */
import {
  type Authenticator,
  AuthenticatorChain,
  Authorizer,
  type ChainDecision,
  Gate,
} from '@godwit/auth';
import type { AuthMethod, ConnectRequest, Hooks } from '@godwit/broker';
import type { AuthConfig, Config } from './config/config.ts';
import { readAcl } from './config/security-files.ts';
import { isLocalClient } from './loopback.ts';
import { openAuthenticator } from './open-authenticator.ts';

export class Security {
  readonly authorizer: Authorizer;
  readonly #config: Config;
  readonly #authenticators: readonly Authenticator[];
  readonly #chain: AuthenticatorChain;

  /** @throws Error when something that the configuration names cannot be used */
  static async open(config: Config): Promise<Security> {
    const gate = new Gate(config.auth.checksMax, config.auth.checksWaitingMax);
    const authenticators: Authenticator[] = [];
    for (const one of config.authenticators) {
      authenticators.push(await openAuthenticator(one, gate, config.auth.timeoutMs));
    }
    return new Security(config, authenticators);
  }

  private constructor(config: Config, authenticators: readonly Authenticator[]) {
    this.#config = config;
    this.#authenticators = authenticators;
    this.authorizer = new Authorizer(readAcl(config.acl));
    this.#chain = new AuthenticatorChain({
      links: authenticators.map((authenticator, at) => {
        return { authenticator, onError: config.authenticators[at].onError };
      }),
      allowsAnonymous: request => allowsAnonymous(config, request),
      timeoutMs: config.auth.timeoutMs,
    });
  }

  /** Who `request` comes from, and who said so. */
  decide(request: ConnectRequest): Promise<ChainDecision> {
    return this.#chain.decide(request);
  }

  /** Files whose change is to be heard of. */
  get files(): readonly string[] {
    const { authenticators, acl } = this.#config;
    const keys = authenticators.flatMap(one => [one.file, one.secretFile, one.keyFile]);
    return [...keys, acl.file, acl.mosquittoFile].filter(file => file !== undefined);
  }

  get hooks(): Hooks {
    const authMethods: AuthMethod[] = [];
    for (const method of this.#authenticators.flatMap(one => one.authMethods ?? [])) {
      // Of several password files the first is asked for credentials of SCRAM.
      if (authMethods.every(({ name }) => name !== method.name)) authMethods.push(method);
    }
    return { ...this.authorizer.hooks, authMethods };
  }

  /**
   * Reads all files again. Each takes effect that can be used; the others leave things as they were.
   * @returns what is wrong with those
   */
  async reload(): Promise<readonly string[]> {
    const faults: string[] = [];
    const attempt = async (read: () => unknown): Promise<void> => {
      try {
        await read();
      } catch (error) {
        faults.push(error instanceof Error ? error.message : String(error));
      }
    };
    for (const authenticator of this.#authenticators) {
      await attempt(() => authenticator.reload?.());
    }
    await attempt(() => this.authorizer.replace(readAcl(this.#config.acl)));
    return faults;
  }
}

/** Who need not prove anything, where the configuration does not say. */
function anonymousMode({
  auth,
  authenticators,
}: Pick<Config, 'auth' | 'authenticators'>): NonNullable<AuthConfig['allowAnonymous']> {
  return auth.allowAnonymous ?? (authenticators.length > 0 ? 'never' : 'loopback');
}

function allowsAnonymous(config: Config, { remoteAddress }: ConnectRequest): boolean {
  const mode = anonymousMode(config);
  return mode === 'always' || (mode === 'loopback' && isLocalClient(remoteAddress));
}
