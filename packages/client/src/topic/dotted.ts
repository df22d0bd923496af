/**
 * Dotted topics, as AMQP writes them: `logs.app.error` for `logs/app/error`, where `*` is one word
 * and `#`, at the end, any number of them. Only what means exactly the same is mapped.
 */
import { isValidTopicName, parseTopicFilter } from '@godwit/protocol';

/**
 * A dotted name or pattern as a topic or filter of MQTT: `logs.*.error` is `logs/+/error`, and
 * `logs.#`, which also matches `logs`, is `logs/#`.
 * @throws RangeError for an empty word, `/` or `+` in a word, `*` or `#` within a longer word, `#`
 *   that is not the last word, and a pattern that begins with the word `$share`
 */
export function fromDotted(dotted: string): string {
  const words = dotted.split('.');
  const levels = words.map((word, at) => {
    if (word === '') throw refusal(dotted, 'a word is empty');
    if (word === '*') return '+';
    if (word === '#') {
      if (at < words.length - 1) throw refusal(dotted, `'#' is not the last word`);
      return word;
    }
    const found = /[*#/+]/.exec(word)?.[0];
    if (found !== undefined) throw refusal(dotted, `'${found}' stands within a word`);
    return word;
  });
  if (levels[0] === '$share') throw refusal(dotted, `it begins with '$share'`);
  return valid(dotted, levels.join('/'));
}

/**
 * A topic or filter of MQTT as dotted words: the inverse of {@link fromDotted}.
 * @throws RangeError for an empty level, `.` or `*` in a level, a shared subscription, and what is
 *   neither a topic nor a filter
 */
export function toDotted(topic: string): string {
  valid(topic, topic);
  if (topic.startsWith('$share/')) throw refusal(topic, 'it is a shared subscription');
  const words = topic.split('/').map(level => {
    if (level === '') throw refusal(topic, 'a level is empty');
    if (level === '+') return '*';
    const found = /[.*]/.exec(level)?.[0];
    if (found !== undefined) throw refusal(topic, `'${found}' stands within a level`);
    return level;
  });
  return words.join('.');
}

function valid(given: string, topic: string): string {
  if (isValidTopicName(topic) || parseTopicFilter(topic) !== null) return topic;
  throw refusal(given, 'it is no topic and no filter of MQTT');
}

function refusal(given: string, why: string): RangeError {
  return new RangeError(`cannot map ${JSON.stringify(given)}: ${why}`);
}
