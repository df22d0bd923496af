import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashLevel, LevelTable, plusLevel } from './level-table.ts';

function retain(table: LevelTable, level: string): number {
  const id = table.lookup(level, 0);
  if (id === 0) return table.add(level, 0);
  table.retain(id);
  return id;
}

test('reads a level in place, up to the next slash', () => {
  const table = new LevelTable(0);
  const id = retain(table, 'device');
  assert.equal(table.lookup('site/device/7', 5), id);
  assert.equal(table.end, 11);
  assert.equal(table.lookup('site/devices', 5), 0);
  assert.equal(table.end, 12);
  assert.equal(table.lookup('site/', 5), 0); // the empty level
  assert.equal(table.end, 5);
});

test('the wildcards are always known, and not counted', () => {
  const table = new LevelTable(1);
  assert.equal(table.lookup('a/+/b', 2), plusLevel);
  assert.equal(table.lookup('a/#', 2), hashLevel);
  assert.equal(table.count, 0);
});

test('counts references, reuses ids, forgets what nobody holds', () => {
  const levels = fc.constantFrom('', 'a', 'b', 'ä', '温度', 'x'.repeat(40), 'x'.repeat(41));
  fc.assert(
    fc.property(fc.array(levels, { maxLength: 60 }), fc.integer(), (held, seed) => {
      const table = new LevelTable(seed);
      const ids = new Map<string, number>();
      for (const level of held) ids.set(level, retain(table, level));
      assert.equal(new Set(ids.values()).size, ids.size);
      assert.equal(table.count, ids.size);
      for (const [level, id] of ids) {
        assert.equal(table.text(id), level);
        assert.equal(table.lookup(level, 0), id);
        assert(id > hashLevel && id <= ids.size + hashLevel);
      }
      for (const level of held) table.release(ids.get(level) ?? 0);
      assert.equal(table.count, 0);
      for (const level of held) assert.equal(table.lookup(level, 0), 0);
      if (held.length > 0) assert(retain(table, 'new') <= ids.size + hashLevel);
    }),
  );
});
