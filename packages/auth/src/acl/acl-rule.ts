/**
 * One rule about what clients may do: whom it is about, what it allows or denies, on which topics.
 * Checks what comes from a file, a token or a service; does not decide.
 */
import { isIP } from 'node:net';
import type { QoS } from '@godwit/protocol';
import { isTopicFilter } from './filter-relations.ts';

export const aclActions = ['publish', 'subscribe', 'receive'] as const;
export type AclAction = (typeof aclActions)[number];

/** Whom a rule is about: all that is given has to hold, one entry of each list. Nothing: everybody. */
export interface AclSubject {
  readonly user?: readonly string[];
  readonly group?: readonly string[];
  readonly clientId?: readonly string[];
  /** Addresses, and networks as `10.0.0.0/8`. */
  readonly address?: readonly string[];
  /** CN of the certificate that the client has shown. */
  readonly commonName?: readonly string[];
  /** As `DNS:meter-7.example`, one of the certificate's. */
  readonly subjectAltName?: readonly string[];
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** Clients that nobody vouches for, or only clients that somebody does. */
  readonly anonymous?: boolean;
}

export interface AclRule extends AclSubject {
  readonly isDeny: boolean;
  readonly actions: readonly AclAction[];
  /** Topic filters, with `%u`, `%c` and `${attribute}` where they are to be filled in. */
  readonly topics: readonly string[];
  /** Of rules that allow: the highest QoS. */
  readonly qosMax: QoS;
  /** About messages with this RETAIN only; undefined: about all. */
  readonly retain: boolean | undefined;
  /** Where it stands: `acl.toml:12`, `token`. */
  readonly place: string;
}

/** A rule cannot be understood; `key` is what is wrong, '' the rule itself. */
export class AclRuleError extends Error {
  readonly key: string;

  constructor(key: string, message: string) {
    super(key === '' ? message : `${key} ${message}`);
    this.name = 'AclRuleError';
    this.key = key;
  }
}

const rulesPerClientMax = 1_000;
const entriesMax = 1_000;
const textLengthMax = 65_535;

const subjectKeys = [
  'user',
  'group',
  'clientId',
  'address',
  'commonName',
  'subjectAltName',
] as const;
const ruleKeys = ['allow', 'deny', 'topics', 'qosMax', 'retain'];
const allKeys: readonly string[] = [...ruleKeys, ...subjectKeys, 'attributes', 'anonymous'];

type Table = Readonly<Record<string, unknown>>;

/**
 * @param value as a table of TOML or an object of JSON has it
 * @param place where it stands
 * @throws AclRuleError
 */
export function aclRule(value: unknown, place: string): AclRule {
  if (!isTable(value))
    throw new AclRuleError('', 'is no table; expected allow or deny, and topics');
  const unknown = Object.keys(value).find(key => !allKeys.includes(key));
  if (unknown !== undefined) {
    throw new AclRuleError(unknown, `is no key of a rule; expected ${allKeys.join(', ')}`);
  }
  const isDeny = value.deny !== undefined;
  if (isDeny === (value.allow !== undefined)) {
    throw new AclRuleError('', 'expected either allow or deny');
  }
  const actions = texts(value, isDeny ? 'deny' : 'allow') as readonly AclAction[];
  const foreign = actions.find(action => !aclActions.includes(action));
  if (foreign !== undefined) {
    throw new AclRuleError(
      isDeny ? 'deny' : 'allow',
      `has ${JSON.stringify(foreign)}; expected ${aclActions.map(one => `"${one}"`).join(', ')}`,
    );
  }
  const topics = texts(value, 'topics');
  const bad = topics.find(topic => !isTopicFilter(placeholders(topic, 'x')));
  if (bad !== undefined) {
    throw new AclRuleError('topics', `has ${JSON.stringify(bad)}; expected topic filters`);
  }
  const subject = subjectOf(value);
  return {
    isDeny,
    actions,
    topics,
    qosMax: qosOf(value.qosMax, isDeny),
    retain: flag(value, 'retain'),
    place,
    ...subject,
  };
}

/**
 * The rules that a token or a service gives along with a client.
 * @throws AclRuleError, also for a rule that says whom it is about
 */
export function clientRules(value: unknown, place: string): readonly AclRule[] {
  if (!Array.isArray(value) || value.length > rulesPerClientMax) {
    throw new AclRuleError('acl', `is no list of at most ${rulesPerClientMax} rules`);
  }
  for (const one of value) {
    const foreign = Object.keys(isTable(one) ? one : {}).find(key => !ruleKeys.includes(key));
    if (foreign !== undefined) {
      throw new AclRuleError(foreign, `is no key of a client's own rule`);
    }
  }
  return value.map((one, at) => aclRule(one, `${place}, rule ${at + 1}`));
}

/** Fills in all variables of a filter. */
export function placeholders(topic: string, by: string | ((name: string) => string)): string {
  const fill = typeof by === 'string' ? () => by : by;
  return topic.replace(/%[uc]|\$\{([^}/+#]+)\}/g, (found, name) => fill(name ?? found));
}

function subjectOf(value: Table): AclSubject {
  const lists = subjectKeys
    .filter(key => value[key] !== undefined)
    .map(key => [key, texts(value, key)] as const);
  const subject: AclSubject = Object.fromEntries(lists);
  const bad = subject.address?.find(address => !isNetwork(address));
  if (bad !== undefined) {
    throw new AclRuleError('address', `has ${JSON.stringify(bad)}; expected 10.0.0.0/8 or ::1`);
  }
  const { attributes } = value;
  const anonymous = flag(value, 'anonymous');
  if (attributes !== undefined && !isTable(attributes)) {
    throw new AclRuleError('attributes', 'is no table');
  }
  return {
    ...subject,
    ...(attributes !== undefined && {
      attributes: Object.fromEntries(
        Object.keys(attributes).map(name => [name, texts(attributes, name)]),
      ),
    }),
    ...(anonymous !== undefined && { anonymous }),
  };
}

/** One text, or a list of some. */
function texts(table: Table, key: string): readonly string[] {
  const value = table[key];
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isGood = list.every(
    one => typeof one === 'string' && one !== '' && one.length <= textLengthMax,
  );
  if (!isGood || list.length === 0 || list.length > entriesMax) {
    throw new AclRuleError(key, `is not right; expected a text, or a list of 1 to ${entriesMax}`);
  }
  return list as readonly string[];
}

function flag(table: Table, key: string): boolean | undefined {
  const value = table[key];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new AclRuleError(key, 'is not right; expected true or false');
}

function qosOf(value: unknown, isDeny: boolean): QoS {
  if (value === undefined) return 2;
  if (isDeny) throw new AclRuleError('qosMax', 'is for rules that allow');
  if (value === 0 || value === 1 || value === 2) return value;
  throw new AclRuleError('qosMax', 'is not right; expected 0, 1 or 2');
}

function isNetwork(text: string): boolean {
  const [address, prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
