/**
 * `godwit serve` killed twenty times under load: nothing that it answered for is lost. And once
 * with all of its system calls on record: no answer leaves before the disk has said so.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock, systemRandom } from '@godwit/runtime';
import { crashRun } from './crash-run.ts';
import { godwitVictim } from './victim.ts';

const cycles = 20;
const timeout = 180_000;

test('killed again and again, the broker keeps its word', { timeout }, async () => {
  const seed = systemRandom.uint32();
  const result = await crashRun({ victim: await godwitVictim(), clock: systemClock, seed, cycles });
  assert.ok(result.isSound, `seed ${seed}, ${cycles} cycles\n${result.faults}`);
  assert.ok(result.acknowledged > 0 && result.delivered > result.acknowledged);
});
