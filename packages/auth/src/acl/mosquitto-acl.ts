/**
 * Reads Mosquitto's acl_file. As there, everybody may subscribe to everything and is sent only
 * what may be read; what `user` and `topic` lines decide, `pattern` lines cannot change.
 */
import { FileFaultError, type LineFault } from '../file-fault-error.ts';
import { Acl } from './acl.ts';
import { type AclAction, type AclRule, placeholders } from './acl-rule.ts';
import { isTopicFilter } from './filter-relations.ts';

const access: Readonly<Record<string, readonly AclAction[]>> = {
  read: ['receive'],
  write: ['publish'],
  readwrite: ['receive', 'publish'],
  deny: ['receive', 'publish'],
};

/**
 * @param file its name, for errors
 * @throws FileFaultError
 */
export function parseMosquittoAcl(file: string, text: string): Acl {
  const topics: AclRule[] = [];
  const patterns: AclRule[] = [];
  const faults: LineFault[] = [];
  let user: string | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const [keyword, rest] = halves(raw.trimEnd());
    if (keyword === '' || keyword.startsWith('#')) continue;
    if (keyword === 'user' && rest !== '') user = rest;
    else if (keyword === 'topic' || keyword === 'pattern') {
      const rule = ruleOf(rest, `${file}:${line}`);
      if (rule === null) {
        const message = `expected ${keyword} [read|write|readwrite|deny] and a topic filter`;
        faults.push({ line, message });
      } else if (keyword === 'topic' && placeholders(rule.topics[0], '') !== rule.topics[0]) {
        faults.push({ line, message: 'has a variable; expected pattern instead of topic' });
      } else if (keyword === 'pattern') patterns.push(rule);
      // What stands before the first user is about clients without a name.
      else topics.push(user === null ? { ...rule, anonymous: true } : { ...rule, user: [user] });
    } else
      faults.push({ line, message: 'expected user, topic or pattern, with what belongs to it' });
  }
  if (faults.length > 0) throw new FileFaultError(file, faults);
  const everybody: AclRule = {
    isDeny: false,
    actions: ['subscribe'],
    topics: ['#', '$SYS/#'],
    qosMax: 2,
    retain: undefined,
    place: file,
  };
  // On no topic: only that there is a rule, so that what is not allowed is not received.
  const onlyAllowed: AclRule = { ...everybody, actions: ['receive'], topics: [] };
  return new Acl({ stages: [topics, [...patterns, everybody, onlyAllowed]] });
}

function ruleOf(rest: string, place: string): AclRule | null {
  const [first, others] = halves(rest);
  const isAccess = Object.hasOwn(access, first) && others !== '';
  const word = isAccess ? first : 'readwrite';
  const topic = isAccess ? others : rest;
  if (!isTopicFilter(topic)) return null;
  return {
    isDeny: word === 'deny',
    actions: access[word],
    topics: [topic],
    qosMax: 2,
    retain: undefined,
    place,
  };
}

/** The first word, and what follows it. */
function halves(text: string): [string, string] {
  const [, first, rest = ''] = /^(\S*)(?:[ \t]+(.*))?$/.exec(text) ?? ['', '', ''];
  return [first, rest];
}
