import { deepEqual, equal } from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { VirtualClock } from '@godwit/testkit';
import { onStopSignals } from './stop-signals.ts';

test('the first signal asks, one that is no repetition of it insists', async () => {
  const clock = new VirtualClock();
  const source = new EventEmitter();
  const heard: string[] = [];
  const ignore = onStopSignals(
    signal => heard.push(signal),
    () => heard.push('force'),
    clock,
    source,
  );
  source.emit('SIGINT', 'SIGINT');
  await clock.advance(100);
  source.emit('SIGINT', 'SIGINT');
  source.emit('SIGTERM', 'SIGTERM');
  deepEqual(heard, ['SIGINT']);
  await clock.advance(1_000);
  source.emit('SIGTERM', 'SIGTERM');
  deepEqual(heard, ['SIGINT', 'force']);
  ignore();
  equal(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM'), 0);
});
