import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashLevel, plusLevel } from './level-table.ts';
import { firstField, NodeTable, nextField, nodeShift, root } from './node-table.ts';

function children(table: NodeTable, node: number): number[] {
  const found: number[] = [];
  let child = table.fields[(node << nodeShift) + firstField];
  while (child !== 0) {
    found.push(child);
    child = table.fields[(child << nodeShift) + nextField];
  }
  return found;
}

test('wildcards hang on fields of their own, other children are siblings', () => {
  const table = new NodeTable(0);
  const plus = table.add(root, plusLevel);
  const hash = table.add(root, hashLevel);
  const first = table.add(root, 3);
  const second = table.add(root, 4);
  assert.equal(table.child(root, plusLevel), plus);
  assert.equal(table.child(root, hashLevel), hash);
  assert.equal(table.child(root, 4), second);
  assert.equal(table.child(first, 4), 0);
  assert.deepEqual(children(table, root), [second, first]);
  for (const node of [plus, hash, first]) table.remove(node);
  assert.deepEqual(children(table, root), [second]);
  assert.equal(table.isBare(root), false);
  table.remove(second);
  assert.equal(table.isBare(root), true);
});

test('finds every edge after any adding and removing, and takes no new nodes for old', () => {
  const toggles = fc.array(fc.nat({ max: 60 }), { maxLength: 300 });
  fc.assert(
    fc.property(toggles, fc.integer(), (levels, seed) => {
      const table = new NodeTable(seed);
      const parent = table.add(root, 100);
      const held = new Map<number, number>();
      let most = 0;
      for (const one of levels) {
        const level = one + hashLevel + 1;
        const node = held.get(level);
        assert.equal(table.child(parent, level), node ?? 0);
        if (node === undefined) {
          held.set(level, table.add(parent, level));
        } else {
          table.remove(node);
          held.delete(level);
        }
        most = Math.max(most, held.size);
      }
      for (const [level, node] of held) assert.equal(table.child(parent, level), node);
      assert.deepEqual(new Set(children(table, parent)), new Set(held.values()));
      assert.equal(table.count, held.size + 1);
      assert(table.end <= most + 2);
    }),
  );
});
