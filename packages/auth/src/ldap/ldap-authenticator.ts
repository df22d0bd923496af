/**
 * Knows users from a directory (LDAP): binds as the user, whose entry is named by a pattern or
 * searched for first. A connection for each check, so that none is shared by two users.
 */
import type { ConnectRequest } from '@godwit/broker';
import { Client, type Entry, InvalidCredentialsError, NoSuchObjectError } from 'ldapts';
import type { Authenticator, Verdict } from '../chain/authenticator.ts';
import { Gate } from '../chain/gate.ts';

export interface LdapSearch {
  /** Entry below which users are. */
  readonly base: string;
  /** As `(uid=%u)`; it has to find one entry. */
  readonly filter: string;
  /** Who searches; nobody in particular by default. */
  readonly bindDn?: string | undefined;
  readonly bindPassword?: string | undefined;
}

export interface LdapOptions {
  /** `ldap://…` or `ldaps://…` */
  readonly url: string;
  /** How the user's entry is named, `uid=%u,ou=people,dc=example`, or how it is found. */
  readonly user: string | LdapSearch;
  /** Attribute of the user's entry that names its groups, as `memberOf`; none by default. */
  readonly groupAttribute?: string | undefined;
  /** Certificates, in PEM, that may have signed the server's; those of Node by default. */
  readonly ca?: string | undefined;
  /** Milliseconds; 5,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Checks at the same time; 8 by default. */
  readonly checksMax?: number | undefined;
  /** Clients that wait for that; 1,000 by default. */
  readonly waitingMax?: number | undefined;
}

interface Found {
  readonly dn: string;
  readonly groups: readonly string[];
}

const groupsMax = 1_000;
const wrong: Verdict = { verdict: 'deny', why: 'wrong password' };
const unknown: Verdict = { verdict: 'ignore', why: 'no such user' };

export class LdapAuthenticator implements Authenticator {
  readonly name: string;
  readonly #options: LdapOptions;
  readonly #gate: Gate;

  constructor(options: LdapOptions) {
    this.name = `ldap ${options.url}`;
    this.#options = options;
    this.#gate = new Gate(options.checksMax ?? 8, options.waitingMax ?? 1_000);
  }

  async authenticate({ username, password }: ConnectRequest): Promise<Verdict> {
    // RFC 4513, section 5.1.2: a bind without password succeeds, and proves nothing
    if (!username || password === undefined || password.length === 0) {
      return { verdict: 'ignore', why: 'no user name and password' };
    }
    const text = new TextDecoder().decode(password);
    return this.#gate.run(() => this.#check(username, text));
  }

  /** @throws Error when the directory cannot be asked */
  async #check(username: string, password: string): Promise<Verdict> {
    const { user } = this.#options;
    if (typeof user === 'string') {
      const dn = user.replaceAll('%u', () => escapedName(username));
      return this.#connected(client => this.#bind(client, { dn, groups: [] }, password));
    }
    const found = await this.#connected(client => this.#find(client, user, username));
    if (found === null) return unknown;
    return this.#connected(client => this.#bind(client, found, password));
  }

  async #find(
    client: Client,
    { base, filter, bindDn, bindPassword }: LdapSearch,
    username: string,
  ): Promise<Found | null> {
    const { groupAttribute } = this.#options;
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword ?? '');
    const { searchEntries } = await client.search(base, {
      scope: 'sub',
      filter: filter.replaceAll('%u', () => escapedValue(username)),
      attributes: groupAttribute === undefined ? ['1.1'] : [groupAttribute],
      sizeLimit: 2,
    });
    if (searchEntries.length > 1) throw new Error('the filter finds several entries of one user');
    const [entry] = searchEntries;
    return entry === undefined ? null : { dn: entry.dn, groups: groupsOf(entry, groupAttribute) };
  }

  /** Binds as the user; and looks up its groups where that is still to be done. */
  async #bind(client: Client, { dn, groups }: Found, password: string): Promise<Verdict> {
    try {
      await client.bind(dn, password);
    } catch (error) {
      const isWrong = error instanceof InvalidCredentialsError;
      if (isWrong || error instanceof NoSuchObjectError) return wrong;
      throw error;
    }
    const { groupAttribute, user } = this.#options;
    if (groupAttribute === undefined || typeof user !== 'string')
      return { verdict: 'allow', groups };
    const { searchEntries } = await client.search(dn, {
      scope: 'base',
      attributes: [groupAttribute],
    });
    return { verdict: 'allow', groups: groupsOf(searchEntries[0], groupAttribute) };
  }

  async #connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const { url, ca, timeoutMs = 5_000 } = this.#options;
    const client = new Client({
      url,
      timeout: timeoutMs,
      connectTimeout: timeoutMs,
      ...(ca !== undefined && { tlsOptions: { ca } }),
    });
    try {
      return await work(client);
    } finally {
      await client.unbind().catch(() => {});
    }
  }
}

function groupsOf(entry: Entry | undefined, attribute: string | undefined): readonly string[] {
  const value = attribute === undefined ? undefined : entry?.[attribute];
  return [value ?? []]
    .flat()
    .map(one => one.toString())
    .slice(0, groupsMax);
}

/** A value in a distinguished name (RFC 4514). */
function escapedName(text: string): string {
  return text
    .replace(/[\\,+"<>;=#]/g, '\\$&')
    .replace(/^ | $/g, '\\ ')
    .replaceAll('\0', '\\00');
}

/** A value in a filter (RFC 4515). */
function escapedValue(text: string): string {
  return text.replace(/[\\*()\0]/g, char => {
    return `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
