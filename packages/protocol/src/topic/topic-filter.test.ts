import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTopicFilter, topicMatchesFilter } from './topic-filter.ts';

test('wildcards are whole levels, and # is the last one [MQTT-4.7.1-1] [MQTT-4.7.1-2]', () => {
  for (const filter of ['#', '+', 'a/#', '+/#', '+/+', '/+', '+/', 'a/+/b', '//#', '$SYS/#']) {
    assert.deepEqual(parseTopicFilter(filter), { filter, share: null, hasWildcard: true });
  }
  for (const filter of ['a', '/', 'a//b', '$SYS', ' ', '$share', '$shared/g/a', '$Share/g/a']) {
    assert.deepEqual(parseTopicFilter(filter), { filter, share: null, hasWildcard: false });
  }
  for (const filter of ['a#', 'a/b#', '#/a', 'a/#/b', '##', 'a+', '+a', 'a/+b', '++', '+#', '#+']) {
    assert.equal(parseTopicFilter(filter), null, filter);
  }
});

test('a filter is text of 1 to 65,535 bytes without U+0000', () => {
  for (const filter of ['', 'a\0', '\ud800/a', 'x'.repeat(65_536), 'ä'.repeat(32_768)]) {
    assert.equal(parseTopicFilter(filter), null); // [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3]
  }
  assert.notEqual(parseTopicFilter('+/'.repeat(32_767)), null);
});

test('shared filters have a name and a filter [MQTT-4.8.2-1] [MQTT-4.8.2-2]', () => {
  const valid: [string, string, string, boolean][] = [
    ['$share/g/a/b', 'g', 'a/b', false],
    ['$share/g/#', 'g', '#', true],
    ['$share/g//', 'g', '/', false],
    ['$share/g/+/a', 'g', '+/a', true],
    ['$share/ü $/$SYS/#', 'ü $', '$SYS/#', true],
  ];
  for (const [text, share, filter, hasWildcard] of valid) {
    assert.deepEqual(parseTopicFilter(text), { filter, share, hasWildcard });
  }
  const invalid = ['$share/', '$share/g', '$share/g/', '$share//a', '$share/+/a', '$share/#/a'];
  for (const text of [...invalid, '$share/g+/a', '$share/#', '$share/+', '$share/g/a#']) {
    assert.equal(parseTopicFilter(text), null, text);
  }
});

test('the examples of section 4.7', () => {
  const rows: [filter: string, matches: string[], others: string[]][] = [
    ['sport/tennis/player1/#', ['sport/tennis/player1', 'sport/tennis/player1/ranking'], ['sport']],
    ['sport/#', ['sport', 'sport/', 'sport/a/b'], ['sports', '/sport']],
    ['sport/tennis/+', ['sport/tennis/player1'], ['sport/tennis', 'sport/tennis/player1/ranking']],
    ['sport/+', ['sport/'], ['sport']],
    ['+/+', ['/finance'], ['finance']],
    ['/+', ['/finance'], ['a/finance', '/a/b']],
    ['+', ['finance'], ['/finance']],
    ['#', ['a', '/', 'a/b'], ['$SYS', '$SYS/a']], // [MQTT-4.7.2-1]
    ['+/monitor/Clients', ['a/monitor/Clients'], ['$SYS/monitor/Clients']],
    ['$SYS/#', ['$SYS', '$SYS/a'], ['a/$SYS']],
    ['a/+', ['a/$b'], []], // only a leading '$' is special
    ['ACCOUNTS', ['ACCOUNTS'], ['Accounts', '/ACCOUNTS', 'ACCOUNTS/']], // [MQTT-4.7.3-4]
  ];
  for (const [filter, matches, others] of rows) {
    for (const topic of matches) assert.equal(topicMatchesFilter(topic, filter), true, topic);
    for (const topic of others) assert.equal(topicMatchesFilter(topic, filter), false, topic);
  }
});
