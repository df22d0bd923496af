import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

test('nearest takes the name with the fewest differences', () => {
  const names = ['queueMessagesMax', 'queueBytesMax', 'host', 'port'];
  equal(nearest('queueMesagesMax', names), 'queueMessagesMax');
  equal(nearest('queuebytesmax', names), 'queueBytesMax');
  equal(nearest('prot', names), 'port');
  equal(nearest('queueBytes', names), 'queueBytesMax');
});

test('nearest has no answer when nothing is near', () => {
  equal(nearest('password', ['host', 'port']), undefined);
  equal(nearest('x', []), undefined);
});
