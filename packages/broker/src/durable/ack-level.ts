/** What an acknowledgement of a PUBLISH promises, and for which topics it promises something else. */
import { parseTopicFilter, topicMatchesFilter } from '@godwit/protocol';

/**
 * - `disk`: what a durable session is to get, or is to be retained, survives a crash and a power
 *   cut from the acknowledgement on;
 * - `memory`: it is written as well, but the acknowledgement does not wait for that.
 */
export type AckLevel = (typeof ackLevels)[number];

export const ackLevels = ['memory', 'disk'] as const;

/** An exception from the listener's level. */
export interface AckRule {
  /** Topics that it is for. */
  readonly filter: string;
  readonly ack: AckLevel;
}

/**
 * A function that finds the level of a topic: that of the first rule that matches, else null.
 * @throws RangeError for a rule that is none
 */
export function ackRules(rules: readonly AckRule[]): (topic: string) => AckLevel | null {
  for (const { filter, ack } of rules) {
    const parsed = parseTopicFilter(filter);
    if (parsed === null || parsed.share !== null) {
      throw new RangeError(`ackRules: ${JSON.stringify(filter)} is no topic filter`);
    }
    checkAckLevel(ack);
  }
  return topic => rules.find(({ filter }) => topicMatchesFilter(topic, filter))?.ack ?? null;
}

/** @throws RangeError when it is no level */
export function checkAckLevel(ack: AckLevel): AckLevel {
  if (ackLevels.includes(ack)) return ack;
  throw new RangeError(`ack: is ${JSON.stringify(ack)}, expected one of ${ackLevels.join(', ')}`);
}
