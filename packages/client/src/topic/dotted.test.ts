import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicMatchesFilter } from '@godwit/protocol';
import fc from 'fast-check';
import { fromDotted, toDotted } from './dotted.ts';

/** As RabbitMQ's topic exchange is described: `*` one word, `#` none or more. */
function dottedMatches(words: readonly string[], pattern: readonly string[]): boolean {
  if (pattern.length === 0) return words.length === 0;
  const [first, ...rest] = pattern;
  if (first === '#')
    return words.some((_, at) => dottedMatches(words.slice(at), rest)) || rest.length === 0;
  return (
    words.length > 0 && (first === '*' || first === words[0]) && dottedMatches(words.slice(1), rest)
  );
}

const word = fc.string({
  unit: fc.constantFrom('a', 'b', 'ä', ' ', '-', '$'),
  minLength: 1,
  maxLength: 2,
});
const name = fc.array(word, { minLength: 1, maxLength: 4 });
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 4 }), fc.boolean())
  .map(([words, isOpen]) => (isOpen ? [...words, '#'] : words))
  .filter(words => words.length > 0);

test('names and patterns are mapped, word by level', () => {
  const pairs = [
    ['logs', 'logs'],
    ['logs.app.error', 'logs/app/error'],
    ['logs.*.error', 'logs/+/error'],
    ['logs.#', 'logs/#'],
    ['#', '#'],
    ['*', '+'],
    ['*.*.#', '+/+/#'],
  ];
  for (const [dotted, topic] of pairs) {
    assert.equal(fromDotted(dotted), topic);
    assert.equal(toDotted(topic), dotted);
  }
});

test('what would mean something else is refused', () => {
  const dotted = [
    '',
    '.',
    'a.',
    '.a',
    'a..b',
    'a/b',
    'a.+',
    'a+b',
    'lo*.x',
    'a#',
    '#.a',
    'a.#.b',
    'a.\0',
    '$share.g.a',
  ];
  for (const bad of dotted) assert.throws(() => fromDotted(bad), RangeError, JSON.stringify(bad));
  const topics = [
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'a.b',
    'a/b.c',
    'a/*',
    'a*',
    'a/#/b',
    'a+',
    '$share/g/a',
    'a\0',
  ];
  for (const bad of topics) assert.throws(() => toDotted(bad), RangeError, JSON.stringify(bad));
});

test('there and back is the same', () => {
  fc.assert(
    fc.property(fc.oneof(name, pattern), words => {
      const dotted = words.join('.');
      fc.pre(words[0] !== '$share');
      assert.equal(toDotted(fromDotted(dotted)), dotted);
    }),
  );
});

test('a mapped pattern matches the same names', () => {
  fc.assert(
    fc.property(name, pattern, (words, wanted) => {
      // [MQTT-4.7.2-1] names that begin with '$' are the servers' own: leading wildcards skip them
      fc.pre(!words[0].startsWith('$'));
      assert.equal(
        topicMatchesFilter(fromDotted(words.join('.')), fromDotted(wanted.join('.'))),
        dottedMatches(words, wanted),
      );
    }),
    { numRuns: 2_000 },
  );
});
