/**
 * What one client may do: the rules about it, with its name and attributes filled in, each decision
 * with the rule that made it. Remembers answers, since clients ask about the same topics over and
 * over.
 */
import { parseTopicFilter, type QoS } from '@godwit/protocol';
import { type AclAction, type AclRule, placeholders } from './acl-rule.ts';
import { covers, isTopicFilter, type Levels, overlaps } from './filter-relations.ts';

export interface AclDecision {
  readonly isAllowed: boolean;
  /** The rule that decided; null where none did, which denies. */
  readonly rule: AclRule | null;
  /** The highest QoS that is allowed. */
  readonly qosMax: QoS;
}

/** A rule on one of its topic filters. */
interface Grant {
  readonly levels: Levels;
  readonly rule: AclRule;
}

interface Grants {
  readonly deny: readonly Grant[];
  readonly allow: readonly Grant[];
  /** A rule that allows is about this client, though perhaps on no topic. */
  readonly hasAllow: boolean;
}

type Stage = Readonly<Record<AclAction, Grants>>;

/** Stands for a variable's value; undefined where the client has none. */
type Values = (name: string) => string | undefined;

const nobody: AclDecision = { isAllowed: false, rule: null, qosMax: 0 };
/** Answers that are remembered for each client; all are forgotten at the bound. */
const answersMax = 256;
/** Of longer topics nothing is remembered: 256 of 65,535 bytes would be 16 MB for one client. */
const rememberedLengthMax = 512;

export class ClientAcl {
  readonly #stages: readonly Stage[];
  readonly #published: Map<string, AclDecision>;
  readonly #received: Map<string, boolean>;

  /** @param stages lists of rules, all of them about this client */
  constructor(stages: readonly (readonly AclRule[])[], values: Values) {
    this.#stages = stages.map(rules => ({
      publish: grantsOf(rules, 'publish', values),
      subscribe: grantsOf(rules, 'subscribe', values),
      receive: grantsOf(rules, 'receive', values),
    }));
    this.#published = new Map();
    this.#received = new Map();
  }

  publish(topic: string, qos: QoS, retain: boolean): AclDecision {
    const key = `${qos}${retain ? 'r' : ' '}${topic}`;
    const known = this.#published.get(key);
    if (known !== undefined) return known;
    const decision = this.#publish(topic.split('/'), qos, retain);
    remember(this.#published, key, decision);
    return decision;
  }

  /**
   * A filter is allowed when one rule allows all that it matches, and denied when a rule denies
   * anything that it matches.
   *
   * @param filter with `$share/name/` where it is shared
   */
  subscribe(filter: string): AclDecision {
    const parsed = parseTopicFilter(filter);
    if (parsed === null) return nobody;
    const levels = parsed.filter.split('/');
    for (const { subscribe } of this.#stages) {
      const denied = subscribe.deny.find(grant => overlaps(grant.levels, levels));
      if (denied !== undefined) return { isAllowed: false, rule: denied.rule, qosMax: 0 };
      const best = subscribe.allow
        .filter(grant => covers(grant.levels, levels))
        .reduce<AclRule | null>(
          (most, { rule }) => (most === null || rule.qosMax > most.qosMax ? rule : most),
          null,
        );
      if (best !== null) return { isAllowed: true, rule: best, qosMax: best.qosMax };
    }
    return nobody;
  }

  /** Whether there is anything to ask {@link receive} about. */
  get filtersReceived(): boolean {
    return this.#stages.some(({ receive }) => receive.deny.length > 0 || receive.hasAllow);
  }

  /** Of a topic that the client has subscribed to: whether it gets the message. */
  receive(topic: string): boolean {
    const known = this.#received.get(topic);
    if (known !== undefined) return known;
    const { isAllowed } = this.receiveDecision(topic);
    remember(this.#received, topic, isAllowed);
    return isAllowed;
  }

  /** As {@link receive}, with the rule. Where no rule allows, all is received that none denies. */
  receiveDecision(topic: string): AclDecision {
    const levels = topic.split('/');
    let mustBeAllowed = false;
    for (const { receive } of this.#stages) {
      const denied = receive.deny.find(grant => covers(grant.levels, levels));
      if (denied !== undefined) return { isAllowed: false, rule: denied.rule, qosMax: 0 };
      const allowed = receive.allow.find(grant => covers(grant.levels, levels));
      if (allowed !== undefined) return { isAllowed: true, rule: allowed.rule, qosMax: 2 };
      mustBeAllowed ||= receive.hasAllow;
    }
    return mustBeAllowed ? nobody : { isAllowed: true, rule: null, qosMax: 2 };
  }

  #publish(levels: Levels, qos: QoS, retain: boolean): AclDecision {
    const fits = ({ rule, levels: granted }: Grant): boolean =>
      (rule.retain === undefined || rule.retain === retain) && covers(granted, levels);
    for (const { publish } of this.#stages) {
      const denied = publish.deny.find(fits);
      if (denied !== undefined) return { isAllowed: false, rule: denied.rule, qosMax: 0 };
      const allowed = publish.allow.find(grant => grant.rule.qosMax >= qos && fits(grant));
      if (allowed !== undefined) {
        return { isAllowed: true, rule: allowed.rule, qosMax: allowed.rule.qosMax };
      }
    }
    return nobody;
  }
}

function grantsOf(rules: readonly AclRule[], action: AclAction, values: Values): Grants {
  const relevant = rules.filter(({ actions }) => actions.includes(action));
  const grants = relevant.flatMap(rule => rule.topics.flatMap(topic => grant(topic, rule, values)));
  return {
    deny: grants.filter(({ rule }) => rule.isDeny),
    allow: grants.filter(({ rule }) => !rule.isDeny),
    hasAllow: relevant.some(({ isDeny }) => !isDeny),
  };
}

/**
 * Nothing where a variable has no value; nor, in a rule that allows, where its value would mean
 * more than one level of a topic. A rule that denies loses nothing by taking such a value literally.
 */
function grant(topic: string, rule: AclRule, values: Values): Grant[] {
  let isFilled = true;
  const filled = placeholders(topic, name => {
    const value = values(name);
    if (value === undefined || value === '') isFilled = false;
    else if (!rule.isDeny && /[/+#]/.test(value)) isFilled = false;
    return value ?? '';
  });
  return isFilled && isTopicFilter(filled) ? [{ levels: filled.split('/'), rule }] : [];
}

function remember<T>(answers: Map<string, T>, key: string, answer: T): void {
  if (key.length > rememberedLengthMax) return;
  if (answers.size >= answersMax) answers.clear();
  answers.set(key, answer);
}
