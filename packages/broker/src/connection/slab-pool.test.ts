import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { largeSlabBytes, SlabPool, smallSlabBytes } from './slab-pool.ts';

suite('SlabPool', () => {
  test('hands out again what was given back, the last first, each size for itself', () => {
    const pool = new SlabPool(1024 * 1024);
    const [small, other, large] = [pool.takeSmall(), pool.takeSmall(), pool.takeLarge()];
    assert.deepEqual([small.length, large.length], [smallSlabBytes, largeSlabBytes]);
    pool.give(small);
    pool.give(large);
    pool.give(other);
    assert.equal(pool.takeSmall(), other);
    assert.equal(pool.takeSmall(), small);
    assert.equal(pool.takeLarge(), large);
    assert.notEqual(pool.takeSmall(), small);
  });

  test('keeps half its bytes in blocks of each size, and no other block', () => {
    const pool = new SlabPool(2 * largeSlabBytes);
    const large = [pool.takeLarge(), pool.takeLarge()];
    for (const slab of large) pool.give(slab);
    assert.equal(pool.takeLarge(), large[0]);
    assert.notEqual(pool.takeLarge(), large[1]);
    const small = Array.from({ length: 40 }, () => pool.takeSmall());
    for (const slab of small) pool.give(slab);
    const kept = Array.from({ length: 40 }, () => pool.takeSmall()).filter(slab =>
      small.includes(slab),
    );
    assert.equal(kept.length, 32);
    const odd = new Uint8Array(100_000);
    pool.give(odd);
    assert.notEqual(pool.takeLarge(), odd);
  });

  test('a block has memory of its own', () => {
    const pool = new SlabPool(1024 * 1024);
    assert.equal(pool.takeSmall().buffer.byteLength, smallSlabBytes);
    assert.equal(pool.takeLarge().buffer.byteLength, largeSlabBytes);
  });
});
