/**
 * How topics and topic filters lie to each other, as lists of levels: whether all that one matches
 * is matched by the other, and whether they have a topic in common. (Section 4.7)
 */
import { parseTopicFilter } from '@godwit/protocol';

export type Levels = readonly string[];

/** Whether `text` is a topic filter, and not one of a shared subscription. */
export function isTopicFilter(text: string): boolean {
  return parseTopicFilter(text)?.share === null;
}

/**
 * Whether `filter` matches every topic that `other`, a topic or a filter, matches. A filter that
 * begins with a wildcard does not match topics that begin with `$`. [MQTT-4.7.2-1]
 */
export function covers(filter: Levels, other: Levels): boolean {
  if (isWildcard(filter[0]) && other[0].startsWith('$')) return false;
  for (let i = 0; i < filter.length; i += 1) {
    const level = filter[i];
    if (level === '#') return true;
    if (i === other.length) return false;
    const otherLevel = other[i];
    if (otherLevel === '#') return false;
    if (level !== '+' && level !== otherLevel) return false;
  }
  return filter.length === other.length;
}

/** Whether there is a topic that both match. */
export function overlaps(one: Levels, other: Levels): boolean {
  if (isWildcard(one[0]) && other[0].startsWith('$')) return false;
  if (isWildcard(other[0]) && one[0].startsWith('$')) return false;
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i += 1) {
    if (one[i] === '#' || other[i] === '#') return true;
    if (one[i] !== '+' && other[i] !== '+' && one[i] !== other[i]) return false;
  }
  // `a/#` matches `a`, too
  const longer = one.length > other.length ? one : other;
  return longer.length === length || (longer.length === length + 1 && longer[length] === '#');
}

function isWildcard(level: string): boolean {
  return level === '#' || level === '+';
}
