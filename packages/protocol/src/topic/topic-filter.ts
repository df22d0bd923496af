/**
 * Topic filters: their grammar, shared ones included, and the plain definition of what they match.
 * The trees are tested against that definition.
 */
import { isValidTopicText } from './topic-name.ts';

const sharePrefix = '$share/';

/** A valid topic filter, taken apart. */
export interface ParsedFilter {
  /** What topics are matched against: the filter without `$share/NAME/`. */
  filter: string;
  /** The share name, or null when the subscription is not shared. */
  share: string | null;
  hasWildcard: boolean;
}

/**
 * Takes a topic filter apart.
 * @returns null when it is not valid
 *
 * @example
 * parseTopicFilter('$share/workers/jobs/#');
 * // { filter: 'jobs/#', share: 'workers', hasWildcard: true }
 */
export function parseTopicFilter(filter: string): ParsedFilter | null {
  if (!isValidTopicText(filter)) return null;
  if (!filter.startsWith(sharePrefix)) return parsed(filter, null);
  // [MQTT-4.8.2-1] [MQTT-4.8.2-2] a name of at least one character, then '/' and a filter
  const nameEnd = filter.indexOf('/', sharePrefix.length);
  if (nameEnd <= sharePrefix.length || nameEnd + 1 === filter.length) return null;
  const share = filter.slice(sharePrefix.length, nameEnd);
  if (share.includes('+') || share.includes('#')) return null;
  return parsed(filter.slice(nameEnd + 1), share);
}

function parsed(filter: string, share: string | null): ParsedFilter | null {
  let hasWildcard = false;
  for (let at = 0; at < filter.length; at += 1) {
    const character = filter[at];
    if (character !== '+' && character !== '#') continue;
    hasWildcard = true;
    const last = at === filter.length - 1;
    // [MQTT-4.7.1-1] [MQTT-4.7.1-2] a wildcard is a whole level, and '#' is the last one
    if (at > 0 && filter[at - 1] !== '/') return null;
    if (!last && (character === '#' || filter[at + 1] !== '/')) return null;
  }
  return { filter, share, hasWildcard };
}

/**
 * Whether a valid topic name matches a valid filter (without `$share/…/`). This is the definition,
 * one filter at a time; to search many, use `FilterTree`.
 */
export function topicMatchesFilter(topic: string, filter: string): boolean {
  const names = topic.split('/');
  const levels = filter.split('/');
  // [MQTT-4.7.2-1] a leading wildcard does not match a leading '$'
  if (topic.startsWith('$') && (levels[0] === '+' || levels[0] === '#')) return false;
  for (let depth = 0; depth < levels.length; depth += 1) {
    if (levels[depth] === '#') return true; // the parent level included
    if (depth === names.length) return false;
    if (levels[depth] !== '+' && levels[depth] !== names[depth]) return false;
  }
  return levels.length === names.length;
}
