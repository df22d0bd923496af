import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { isStatement, STATEMENTS_V3, STATEMENTS_V5 } from './statement-ids.ts';

const count = (ranges: typeof STATEMENTS_V5): number =>
  Object.values(ranges).reduce((sum, [first, last]) => sum + last - first + 1, 0);

test('5.0 has 251 normative statements and 3.1.1 has 141', () => {
  equal(count(STATEMENTS_V5), 251);
  equal(count(STATEMENTS_V3), 141);
});

test('isStatement knows the ids of both versions and no others', () => {
  for (const id of ['MQTT-2.2.1-2', 'MQTT-3.3.4-10', 'MQTT-1.5.3-3'])
    equal(isStatement(id), true, id);
  for (const id of ['MQTT-2.2.1-1', 'MQTT-3.3.4-11', 'MQTT-9.9.9-1', 'MQTT-3.3.4', '3.3.4-9']) {
    equal(isStatement(id), false, id);
  }
});
