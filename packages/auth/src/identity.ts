/**
 * What an authenticator has found out about a client besides its name. The broker carries it from
 * CONNECT to every later question without looking inside; access rules are decided by it.
 */
import type { ClientInfo } from '@godwit/broker';
import type { AclRule } from './acl/acl-rule.ts';

export interface IdentityOptions {
  /** Who vouches for it: `password`, `jwt`, …; for logs. */
  readonly source: string;
  /** Nobody vouches for it: whatever user name it gives is a mere claim. False by default. */
  readonly isAnonymous?: boolean;
  readonly groups?: readonly string[];
  /** Such as the claims of a token: what `${name}` stands for in rules. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Rules of its own, beside those of the server; undefined where nothing was said of any. */
  readonly rules?: readonly AclRule[] | undefined;
  /** Whether the client would be let in now as well; by default it would. */
  readonly stillHolds?: () => boolean;
}

export class Identity {
  readonly source: string;
  readonly isAnonymous: boolean;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly rules: readonly AclRule[] | undefined;
  readonly stillHolds: () => boolean;

  constructor(options: IdentityOptions) {
    this.source = options.source;
    this.isAnonymous = options.isAnonymous ?? false;
    this.groups = options.groups ?? [];
    this.attributes = options.attributes ?? {};
    this.rules = options.rules;
    this.stillHolds = options.stillHolds ?? (() => true);
  }
}

/** Undefined for a client that a hook of somebody else's has let in. */
export function identityOf({ identity }: ClientInfo): Identity | undefined {
  return identity instanceof Identity ? identity : undefined;
}
