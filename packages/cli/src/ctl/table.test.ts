import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { table } from './table.ts';

test('table lines up its columns, and shows no control characters', () => {
  const rows = [
    { id: 'a\u001b[2J', count: 10, name: null },
    { id: 'long-name', count: 7, name: 'x' },
  ];
  const expected = 'ID         COUNT  NAME\na�[2J      10     -\nlong-name  7      x\n';
  equal(table(rows, ['id', 'count', 'name']), expected);
});
