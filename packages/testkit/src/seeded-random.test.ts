import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { SeededRandom } from './seeded-random.ts';

const draw = (seed: number): number[] => {
  const random = new SeededRandom(seed);
  return Array.from({ length: 8 }, () => random.uint32());
};

test('a seed reproduces its numbers, another seed gives others', () => {
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.equal(new SeededRandom(7).seed, 7);
});

test('int covers its range evenly, both ends included', () => {
  const random = new SeededRandom(1);
  const counts = new Array<number>(6).fill(0);
  for (let index = 0; index < 6_000; index += 1) counts[random.int(-2, 3) + 2] += 1;
  for (const count of counts) assert.ok(count > 850 && count < 1_150, `${counts}`);
  assert.throws(() => random.int(1, 0), RangeError);
  assert.ok(random.int(0, 2 ** 32 - 1) >= 0);
});

test('chance follows its probability', () => {
  const random = new SeededRandom(2);
  let hits = 0;
  for (let index = 0; index < 10_000; index += 1) hits += Number(random.chance(0.3));
  assert.ok(hits > 2_800 && hits < 3_200, `${hits}`);
  assert.equal(random.chance(0), false);
  assert.equal(random.chance(1), true);
});

test('pick and shuffle take what is there', () => {
  const random = new SeededRandom(3);
  const items = ['a', 'b', 'c', 'd', 'e'];
  const shuffled = random.shuffle(items);
  assert.deepEqual(shuffled.toSorted(), items);
  assert.deepEqual(items, ['a', 'b', 'c', 'd', 'e']);
  const picked = new Set(Array.from({ length: 100 }, () => random.pick(items)));
  assert.equal(picked.size, 5);
  assert.throws(() => random.pick([]), RangeError);
});

test('bytes gives as many as asked for, of all values', () => {
  const random = new SeededRandom(4);
  assert.equal(random.bytes(0).length, 0);
  assert.equal(new Set(random.bytes(65_536)).size, 256);
  assert.throws(() => random.bytes(65_537), RangeError);
});
