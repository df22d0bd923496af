/**
 * Rules put in order, so that those about one client are found at once. A list of rules decides as
 * a whole: a rule that denies beats all that allow. Several lists are asked one after the other.
 */
import { BlockList, isIPv6 } from 'node:net';
import type { ClientInfo } from '@godwit/broker';
import { type Identity, identityOf } from '../identity.ts';
import type { AclRule } from './acl-rule.ts';
import { ClientAcl } from './client-acl.ts';

export type Groups = ReadonlyMap<string, ReadonlySet<string>>;

export interface AclOptions {
  /** Lists of rules; the first one that has an answer decides. */
  readonly stages: readonly (readonly AclRule[])[];
  /** Members, by user name, of the groups that rules name. */
  readonly groups?: Groups;
}

interface Stage {
  readonly byUser: ReadonlyMap<string, readonly AclRule[]>;
  readonly others: readonly AclRule[];
}

const none: readonly AclRule[] = [];
const noNames: readonly string[] = [];

export class Acl {
  readonly #stages: readonly Stage[];
  readonly #groups: Groups;
  readonly #networks: Map<AclRule, BlockList>;

  constructor({ stages, groups = new Map() }: AclOptions) {
    this.#groups = groups;
    this.#networks = new Map();
    this.#stages = stages.map(stageOf);
    for (const rule of stages.flat()) {
      if (rule.address !== undefined) this.#networks.set(rule, networksOf(rule.address));
    }
  }

  /** What the rules say about one client. Its own rules count as part of the first list. */
  of(client: ClientInfo): ClientAcl {
    const identity = identityOf(client);
    const username = identity?.isAnonymous ? undefined : client.username;
    const stages = this.#stages.map(({ byUser, others }, at) => {
      const named = username === undefined ? none : (byUser.get(username) ?? none);
      const own = at === 0 ? (identity?.rules ?? none) : none;
      return [...named, ...others, ...own].filter(rule =>
        this.#isAbout(rule, client, username, identity),
      );
    });
    return new ClientAcl(stages, name => variableOf(name, client, username, identity));
  }

  #isAbout(
    rule: AclRule,
    client: ClientInfo,
    username: string | undefined,
    identity: Identity | undefined,
  ): boolean {
    const { peerCertificate } = client;
    const isOneOf = (list: readonly string[] | undefined, value: string | undefined): boolean =>
      list === undefined || (value !== undefined && list.includes(value));
    const { group, subjectAltName, attributes = {} } = rule;
    return (
      isOneOf(rule.user, username) &&
      isOneOf(rule.clientId, client.clientId) &&
      isOneOf(rule.commonName, peerCertificate?.commonName) &&
      (rule.anonymous === undefined || rule.anonymous === (username === undefined)) &&
      (subjectAltName === undefined ||
        (peerCertificate?.subjectAltNames ?? noNames).some(one => subjectAltName.includes(one))) &&
      (group === undefined || group.some(name => this.#isMember(name, username, identity))) &&
      Object.entries(attributes).every(([name, list]) =>
        isOneOf(list, ownAttribute(identity, name)),
      ) &&
      this.#isFrom(rule, client.remoteAddress)
    );
  }

  #isMember(group: string, username: string | undefined, identity: Identity | undefined): boolean {
    if (identity?.groups.includes(group)) return true;
    return username !== undefined && (this.#groups.get(group)?.has(username) ?? false);
  }

  #isFrom(rule: AclRule, address: string): boolean {
    if (rule.address === undefined) return true;
    const networks = this.#networks.get(rule);
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    return networks?.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4') ?? false;
  }
}

function stageOf(rules: readonly AclRule[]): Stage {
  const byUser = new Map<string, AclRule[]>();
  const others: AclRule[] = [];
  for (const rule of rules) {
    if (rule.user === undefined) others.push(rule);
    for (const name of new Set(rule.user)) {
      const list = byUser.get(name);
      if (list === undefined) byUser.set(name, [rule]);
      else list.push(rule);
    }
  }
  return { byUser, others };
}

function networksOf(addresses: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of addresses) {
    const [address, prefix] = text.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** What a variable of a filter stands for. */
function variableOf(
  name: string,
  client: ClientInfo,
  username: string | undefined,
  identity: Identity | undefined,
): string | undefined {
  if (name === '%u') return username;
  if (name === '%c') return client.clientId;
  if (name === 'commonName') return client.peerCertificate?.commonName;
  return ownAttribute(identity, name);
}

function ownAttribute(identity: Identity | undefined, name: string): string | undefined {
  const { attributes = {} } = identity ?? {};
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}
