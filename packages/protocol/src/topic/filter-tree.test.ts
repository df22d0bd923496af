import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { filters, topics } from './arbitraries.test.ts';
import { FilterTree } from './filter-tree.ts';
import { topicMatchesFilter } from './topic-filter.ts';

function matches<T extends NonNullable<unknown>>(tree: FilterTree<T>, topic: string): T[] {
  const out: T[] = [];
  tree.match(topic, out);
  return out.sort();
}

test('finds every kind of filter that matches', () => {
  const tree = new FilterTree<string>();
  const all = ['a/b', 'a/+', '+/b', '+/+', '#', '+/#', 'a/#', 'a/b/#', 'a/b/+', 'a', 'b', 'a/b/'];
  for (const filter of all) assert.equal(tree.set(filter, filter), undefined);
  assert.equal(tree.size, all.length);
  assert.deepEqual(
    matches(tree, 'a/b'),
    ['a/b', 'a/+', '+/b', '+/+', '#', '+/#', 'a/#', 'a/b/#'].sort(),
  );
  assert.deepEqual(matches(tree, 'b'), ['#', '+/#', 'b']);
  assert.deepEqual(matches(tree, '/'), ['#', '+/#', '+/+']);
});

test('appends to what is there', () => {
  const tree = new FilterTree<number>();
  tree.set('a', 2);
  const out = [1];
  tree.match('a', out);
  assert.deepEqual(out, [1, 2]);
});

test('a leading wildcard does not match a leading $ [MQTT-4.7.2-1]', () => {
  const tree = new FilterTree<string>();
  for (const filter of ['#', '+', '+/#', '+/a', '$SYS/#', '$SYS/+', '$SYS/a']) {
    tree.set(filter, filter);
  }
  assert.deepEqual(matches(tree, '$SYS/a'), ['$SYS/#', '$SYS/+', '$SYS/a']);
  assert.deepEqual(matches(tree, '$SYS'), ['$SYS/#']);
  assert.deepEqual(matches(tree, 'x/a'), ['#', '+/#', '+/a']);
});

test('set replaces, delete removes, both tell what was there', () => {
  const tree = new FilterTree<string>();
  assert.equal(tree.set('a/#', 'old'), undefined);
  assert.equal(tree.set('a/#', 'new'), 'old');
  assert.equal(tree.get('a/#'), 'new');
  assert.equal(tree.get('a'), undefined); // a node without a value
  assert.equal(tree.delete('a'), undefined);
  assert.equal(tree.delete('a/#/'), undefined);
  assert.equal(tree.delete('a/#'), 'new');
  assert.equal(tree.size, 0);
  assert.equal(tree.nodeCount, 0);
});

test('equals the definition for any filters and topics', () => {
  fc.assert(
    fc.property(fc.uniqueArray(filters, { maxLength: 40 }), topics, (stored, topic) => {
      const tree = new FilterTree<string>();
      for (const filter of stored) tree.set(filter, filter);
      const expected = stored.filter(filter => topicMatchesFilter(topic, filter)).sort();
      assert.deepEqual(matches(tree, topic), expected);
    }),
    { numRuns: 500 },
  );
});

test('equals a Map under any changes, and is empty when all is deleted', () => {
  const change = fc.tuple(filters, fc.boolean());
  fc.assert(
    fc.property(fc.array(change, { maxLength: 120 }), fc.integer(), (changes, seed) => {
      const tree = new FilterTree<number>(seed);
      const model = new Map<string, number>();
      for (const [index, [filter, add]] of changes.entries()) {
        const before = model.get(filter);
        if (add) {
          assert.equal(tree.set(filter, index), before);
          model.set(filter, index);
        } else {
          assert.equal(tree.delete(filter), before);
          model.delete(filter);
        }
        assert.equal(tree.size, model.size);
        assert.equal(tree.get(filter), model.get(filter));
      }
      assert.deepEqual(new Map(tree.entries()), model);
      for (const filter of model.keys()) tree.delete(filter);
      assert.equal(tree.nodeCount, 0);
    }),
  );
});

test('growth and churn: many filters, all found, all removed, nothing left', () => {
  const tree = new FilterTree<number>();
  for (let round = 0; round < 3; round += 1) {
    for (let at = 0; at < 5_000; at += 1) tree.set(`site/${at % 50}/device/${at}/+`, at);
    assert.equal(tree.nodeCount, 1 + 50 + 50 + 5_000 + 5_000);
    for (let at = 0; at < 5_000; at += 7) {
      assert.deepEqual(matches(tree, `site/${at % 50}/device/${at}/x`), [at]);
    }
    for (let at = 0; at < 5_000; at += 1) {
      assert.equal(tree.delete(`site/${at % 50}/device/${at}/+`), at);
    }
    assert.equal(tree.size, 0);
    assert.equal(tree.nodeCount, 0);
  }
});

test('the deepest topics and filters cost no stack and bounded work', () => {
  const slashes = '/'.repeat(65_535);
  const tree = new FilterTree<string>();
  tree.set('#', 'all');
  tree.set(slashes, 'exact');
  tree.set('+/'.repeat(32_767), 'pluses');
  tree.set(`${'+/'.repeat(32_766)}#`, 'pluses and the rest');
  assert.deepEqual(matches(tree, slashes), ['all', 'exact', 'pluses and the rest']);
  assert.deepEqual(matches(tree, '/'.repeat(32_767)), ['all', 'pluses', 'pluses and the rest']);
  tree.delete(slashes);
  tree.delete('+/'.repeat(32_767));
  tree.delete(`${'+/'.repeat(32_766)}#`);
  assert.equal(tree.nodeCount, 1);
});

test('every combination of + and a level: each stored prefix is visited once', () => {
  const tree = new FilterTree<number>();
  for (let bits = 0; bits < 1024; bits += 1) {
    const levels = Array.from({ length: 10 }, (_, at) => ((bits >> at) & 1 ? '+' : 'a'));
    tree.set(levels.join('/'), bits);
  }
  assert.equal(matches(tree, 'a/a/a/a/a/a/a/a/a/a').length, 1024);
  assert.equal(matches(tree, 'b/a/a/a/a/a/a/a/a/a').length, 512);
});

test('clear empties; a walk over the entries ends then', () => {
  const tree = new FilterTree<number>();
  tree.set('a', 1);
  tree.set('b', 2);
  const entries = tree.entries();
  assert.equal(entries.next().done, false);
  tree.clear();
  assert.equal(entries.next().done, true);
  assert.equal(tree.size, 0);
  assert.deepEqual(matches(tree, 'a'), []);
});
