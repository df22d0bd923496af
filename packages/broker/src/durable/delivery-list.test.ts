import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { DeliveryList } from './delivery-list.ts';

type Row = [number: number, at: number, place: number, size: number];

function rowsOf(list: DeliveryList): Row[] {
  const rows: Row[] = [];
  list.forEach((...row) => {
    rows.push(row);
  });
  return rows;
}

suite('DeliveryList', () => {
  test('is what an array of rows would be, whatever is added and removed', () => {
    const random = new SeededRandom(3);
    const list = new DeliveryList();
    let rows: Row[] = [];
    let number = 0;
    for (let step = 0; step < 400; step += 1) {
      const count = random.int(0, 120);
      const isAdding = random.int(0, 1) === 0;
      for (let i = 0; i < count; i += 1) {
        if (isAdding) {
          // Some numbers are left out, some by far.
          number += random.pick([1, 1, 1, 2, 70_000, 0x1_0000_0000]);
          const row: Row = [number, 2 * number, random.int(0, 0xffff_ffff), random.int(0, 999)];
          list.push(...row);
          rows.push(row);
        } else if (rows.length > 0) {
          deepEqual([list.number, list.at, list.place], rows[0].slice(0, 3));
          list.shift();
          rows.shift();
        }
      }
      equal(list.length, rows.length);
      equal(
        list.bytes,
        rows.reduce((sum, [, , , size]) => sum + size, 0),
      );
      if (step % 20 === 0) deepEqual(rowsOf(list), rows);
      if (step % 150 === 149) {
        list.clear();
        rows = [];
      }
    }
  });

  test('sorts what was added out of order', () => {
    const list = new DeliveryList();
    for (const number of [5, 6, 2, 9, 1, 600, 3]) list.push(number, number * 10, number, 1);
    list.shift();
    list.sort();
    deepEqual(
      rowsOf(list).map(([number, at]) => [number, at]),
      [1, 2, 3, 6, 9, 600].map(number => [number, number * 10]),
    );
  });
});
