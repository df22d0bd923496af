import { deepEqual, equal, rejects } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Gate, GateFullError } from './gate.ts';

suite('Gate', () => {
  test('lets in so many, keeps so many waiting in their order, and refuses the rest', async () => {
    const gate = new Gate(2, 2);
    const began: number[] = [];
    const ends = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const runs = ends.map(({ promise }, at) =>
      gate.run(async () => {
        began.push(at);
        await promise;
        return at;
      }),
    );
    await rejects(
      gate.run(async () => 0),
      GateFullError,
    );
    deepEqual(began, [0, 1]);
    ends[1].resolve();
    equal(await runs[1], 1);
    ends[0].reject(new Error('failed'));
    await rejects(runs[0], /failed/);
    ends[2].resolve();
    ends[3].resolve();
    deepEqual(await Promise.all(runs.slice(2)), [2, 3]);
    deepEqual(began, [0, 1, 2, 3]);
    equal(await gate.run(async () => 'free again'), 'free again');
  });
});
