import { equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { topicMatchesFilter } from '@godwit/protocol';
import fc from 'fast-check';
import { covers, overlaps } from './filter-relations.ts';

const level = fc.constantFrom('a', 'b', '', '$x', '+');
const filter = fc
  .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([levels, isOpen]) => (isOpen ? [...levels, '#'] : levels))
  // `/#` also matches the empty topic, which there is none of
  .filter(levels => !['', '/#'].includes(levels.join('/')));
const anyFilter = fc.oneof(filter, fc.constant(['#']));

/** Every topic of up to four levels of a small alphabet. */
const topics: string[] = [];
for (let length = 1; length <= 4; length += 1) {
  const letters = ['a', 'b', '', '$x', 'z'];
  for (let n = 0; n < letters.length ** length; n += 1) {
    const at = (i: number): string => letters[Math.floor(n / letters.length ** i) % letters.length];
    const topic = Array.from({ length }, (_, i) => at(i)).join('/');
    if (topic !== '') topics.push(topic);
  }
}

suite('filters', () => {
  test('one that covers another matches all that the other matches', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, (wide, narrow) => {
        if (!covers(wide, narrow)) return;
        for (const topic of topics) {
          if (topicMatchesFilter(topic, narrow.join('/'))) {
            equal(topicMatchesFilter(topic, wide.join('/')), true, `${wide} ${narrow} ${topic}`);
          }
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test('a filter covers the topics that it matches, and no other', () => {
    fc.assert(
      fc.property(anyFilter, fc.constantFrom(...topics), (one, topic) => {
        equal(covers(one, topic.split('/')), topicMatchesFilter(topic, one.join('/')));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test('two overlap where a topic matches both', () => {
    fc.assert(
      fc.property(anyFilter, anyFilter, (one, other) => {
        const hasBoth = topics.some(
          topic =>
            topicMatchesFilter(topic, one.join('/')) && topicMatchesFilter(topic, other.join('/')),
        );
        equal(overlaps(one, other), hasBoth, `${one.join('/')} and ${other.join('/')}`);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });
});
