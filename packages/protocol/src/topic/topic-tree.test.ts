import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filters, topics } from './arbitraries.test.ts';
import { topicMatchesFilter } from './topic-filter.ts';
import { TopicTree } from './topic-tree.ts';

function treeOf(...stored: string[]): TopicTree<string> {
  const tree = new TopicTree<string>();
  for (const topic of stored) tree.set(topic, topic);
  return tree;
}

test('finds the topics that a filter matches', () => {
  const tree = treeOf('a', 'a/b', 'a/b/c', 'a/c', 'b', '/', '$SYS/a', '$SYS');
  const rows: [filter: string, expected: string[]][] = [
    ['a/b', ['a/b']],
    ['a/+', ['a/b', 'a/c']],
    ['a/#', ['a', 'a/b', 'a/b/c', 'a/c']],
    ['+', ['a', 'b']], // [MQTT-4.7.2-1] not $SYS
    ['+/+', ['/', 'a/b', 'a/c']],
    ['+/a', []],
    ['#', ['/', 'a', 'a/b', 'a/b/c', 'a/c', 'b']],
    ['+/#', ['/', 'a', 'a/b', 'a/b/c', 'a/c', 'b']],
    ['$SYS/#', ['$SYS', '$SYS/a']],
    ['$SYS/+', ['$SYS/a']],
    ['+/+/c', ['a/b/c']],
    ['a/b/c/+', []],
    ['x/#', []],
  ];
  for (const [filter, expected] of rows) {
    assert.deepEqual([...tree.match(filter)].sort(), expected, filter);
  }
});

test('equals the definition for any topics and filters', () => {
  fc.assert(
    fc.property(fc.uniqueArray(topics, { maxLength: 60 }), filters, (stored, filter) => {
      const expected = stored.filter(topic => topicMatchesFilter(topic, filter)).sort();
      assert.deepEqual([...treeOf(...stored).match(filter)].sort(), expected);
    }),
    { numRuns: 500 },
  );
});

test('a walk survives any changes and visits once what is there all the time', () => {
  const change = fc.tuple(topics, fc.boolean());
  fc.assert(
    fc.property(
      fc.uniqueArray(topics, { maxLength: 30 }),
      filters,
      fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 10 }),
      (stored, filter, steps) => {
        const tree = treeOf(...stored);
        const lasting = new Set(stored);
        const found: string[] = [];
        let step = 0;
        for (const topic of tree.match(filter)) {
          found.push(topic);
          for (const [changed, add] of steps[step] ?? []) {
            if (add) {
              tree.set(changed, changed);
            } else {
              tree.delete(changed);
              lasting.delete(changed);
            }
          }
          step += 1;
        }
        for (const topic of lasting) {
          const times = found.filter(one => one === topic).length;
          assert.equal(times, topicMatchesFilter(topic, filter) ? 1 : 0, topic);
        }
        for (const [topic] of [...tree.entries()]) tree.delete(topic);
        assert.equal(tree.nodeCount, 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('the topic that a walk rests on may go, and its memory goes when the walk moves on', () => {
  const tree = treeOf('a/b/c', 'a/d');
  const walk = tree.match('a/#');
  assert.equal(walk.next().value, 'a/d');
  tree.delete('a/d');
  assert.deepEqual([...tree.entries()], [['a/b/c', 'a/b/c']]);
  assert.equal(tree.nodeCount, 4);
  assert.equal(walk.next().value, 'a/b/c');
  assert.equal(tree.nodeCount, 3);
  tree.delete('a/b/c');
  walk.return();
  assert.equal(tree.nodeCount, 0);
});

test('clearing ends a walk', () => {
  const tree = treeOf('a', 'b');
  const walk = tree.match('#');
  walk.next();
  tree.clear();
  tree.set('c', 'c');
  assert.equal(walk.next().done, true);
  assert.deepEqual([...tree.match('#')], ['c']);
});

test('the deepest topic costs no stack', () => {
  const slashes = '/'.repeat(65_535);
  const tree = treeOf(slashes);
  assert.deepEqual([...tree.match('#')], [slashes]);
  assert.deepEqual([...tree.match(`${'+/'.repeat(32_767)}#`)], [slashes]);
  assert.deepEqual([...tree.entries()], [[slashes, slashes]]);
  tree.delete(slashes);
  assert.equal(tree.nodeCount, 0);
});
