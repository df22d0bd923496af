import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTopicFilter, topicMatchesFilter } from '@godwit/protocol';
import { SeededRandom } from '@godwit/testkit';
import { RouteTree } from './route-tree.ts';

const names = ['a', 'b', '', '$a'];

function made(random: SeededRandom, of: readonly string[]): string {
  return Array.from({ length: random.int(1, 4) }, () => of[random.int(0, of.length - 1)]).join('/');
}

test('finds what the definition says, whatever was set and deleted before', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = new SeededRandom(seed);
    const tree = new RouteTree<string>();
    const there = new Set<string>();
    for (let step = 0; step < 40; step += 1) {
      const filter = made(random, [...names, '+', '#']);
      if (parseTopicFilter(filter) === null) continue;
      if (random.int(0, 2) > 0) {
        tree.set(filter, filter);
        there.add(filter);
      } else {
        tree.delete(filter);
        there.delete(filter);
      }
      assert.equal(tree.get(filter), there.has(filter) ? filter : undefined);
      const topic = made(random, names);
      if (topic === '') continue;
      const expected = [...there].filter(each => topicMatchesFilter(topic, each));
      assert.deepEqual(tree.match(topic).toSorted(), expected.toSorted(), `${seed}: ${topic}`);
    }
    for (const filter of there) tree.delete(filter);
    assert.deepEqual(tree.match('a'), []);
  }
});

test('very many levels are no trouble', () => {
  const tree = new RouteTree<number>();
  const deep = '/'.repeat(65_534);
  tree.set(deep, 1);
  tree.set('#', 2);
  assert.deepEqual(tree.match(deep).toSorted(), [1, 2]);
  tree.delete(deep);
  assert.deepEqual(tree.match(deep), [2]);
});
