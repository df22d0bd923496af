import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Arrival, ringSize, SequenceCheck } from './sequence-check.ts';

const { inOrder, early, late, duplicate } = Arrival;

suite('SequenceCheck', () => {
  test('tells order, gaps, stragglers and repetitions apart', () => {
    const check = new SequenceCheck(0);
    const arrivals = [0, 1, 4, 5, 3, 3, 4, 0, 2, 6].map(number => check.accept(number));
    deepEqual(arrivals, [
      ...[inOrder, inOrder, early, inOrder, late],
      ...[duplicate, duplicate, duplicate, late, inOrder],
    ]);
    equal(check.missing, 0);
  });

  test('counts what is missing', () => {
    const check = new SequenceCheck(10);
    for (const number of [10, 13, 14, 20]) check.accept(number);
    equal(check.missing, 7);
  });

  test('gives up what lies too far back, and counts it still', () => {
    const check = new SequenceCheck(0);
    check.accept(1);
    check.accept(ringSize + 100);
    equal(check.missing, ringSize + 99);
    equal(check.accept(0), duplicate);
    equal(check.accept(ringSize * 5), early);
    equal(check.missing, ringSize * 5 - 2);
    equal(check.accept(ringSize * 5 - 1), late);
    equal(check.missing, ringSize * 5 - 3);
  });

  test('agrees with a set, in any order and with repetitions', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { maxLength: 80 }), numbers => {
        const check = new SequenceCheck(0);
        const seen = new Set<number>();
        for (const number of numbers) {
          const isFirst = !seen.has(number);
          equal(check.accept(number) !== duplicate, isFirst);
          seen.add(number);
        }
        equal(check.missing, Math.max(-1, ...numbers) + 1 - seen.size);
      }),
    );
  });
});
