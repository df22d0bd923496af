import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacketIdSet } from './packet-id-set.ts';

test('equals a Set under any changes', () => {
  const anywhere = fc.integer({ min: 1, max: 65_535 });
  const ids = fc.oneof(fc.integer({ min: 1, max: 40 }), anywhere);
  fc.assert(
    fc.property(fc.array(fc.tuple(ids, fc.boolean()), { maxLength: 300 }), changes => {
      const set = new PacketIdSet();
      const model = new Set<number>();
      for (const [one, add] of changes) {
        if (add) assert.equal(set.add(one), !model.has(one));
        else assert.equal(set.delete(one), model.has(one));
        if (add) model.add(one);
        else model.delete(one);
        assert.equal(set.size, model.size);
      }
      assert.deepEqual(new Set(set), model);
      for (const [one] of changes) assert.equal(set.has(one), model.has(one));
    }),
  );
});

test('holds all 65,535 identifiers, and 0 never', () => {
  const set = new PacketIdSet();
  for (let id = 65_535; id > 0; id -= 1) assert.equal(set.add(id), true);
  assert.equal(set.size, 65_535);
  assert.equal(set.has(0), false);
  assert.equal(set.delete(0), false);
  for (let id = 1; id <= 65_535; id += 1) assert.equal(set.delete(id), true);
  assert.deepEqual([...set], []);
  assert.equal(set.has(0), false);
  assert.equal(set.add(7), true);
});
