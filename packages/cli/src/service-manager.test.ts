import { deepEqual, equal, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { VirtualClock } from '@godwit/testkit';
import { type ServiceEnvironment, ServiceManager } from './service-manager.ts';

interface Heard {
  readonly manager: ServiceManager;
  readonly clock: VirtualClock;
  readonly words: string[];
  readonly errors: Error[];
}

function managed(environment: ServiceEnvironment, failure?: Error): Heard {
  const clock = new VirtualClock();
  const words: string[] = [];
  const errors: Error[] = [];
  const manager = new ServiceManager(
    environment,
    clock,
    error => errors.push(error),
    async assignments => {
      words.push(assignments.join(' '));
      if (failure !== undefined) throw failure;
    },
  );
  return { manager, clock, words, errors };
}

suite('ServiceManager', () => {
  test('says what happens, in order', async () => {
    const { manager, clock, words } = managed({ NOTIFY_SOCKET: '/run/notify' });
    manager.ready('listening');
    await manager.reloading(Promise.resolve());
    manager.stopping();
    await manager.close();
    deepEqual(words, ['READY=1 STATUS=listening', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
    equal(clock.timerCount, 0);
  });

  test('gives signs of life twice as often as it has to, until it is closed', async () => {
    const { manager, clock, words } = managed({ NOTIFY_SOCKET: '@n', WATCHDOG_USEC: '4000000' });
    manager.ready('listening');
    await clock.advance(1_999);
    equal(words.length, 1);
    await clock.advance(1);
    await clock.advance(2_000);
    deepEqual(words.slice(1), ['WATCHDOG=1', 'WATCHDOG=1']);
    manager.stopping();
    await clock.advance(2_000);
    await manager.close();
    deepEqual(words.slice(3), ['STOPPING=1', 'WATCHDOG=1']);
    equal(clock.timerCount, 0);
  });

  test('is silent where nobody listens', async () => {
    for (const environment of [{}, { NOTIFY_SOCKET: '' }, { WATCHDOG_USEC: '4000000' }]) {
      const { manager, clock, words } = managed(environment);
      manager.ready('listening');
      await manager.reloading(Promise.resolve());
      manager.stopping();
      await manager.close();
      deepEqual([words, clock.timerCount], [[], 0]);
    }
  });

  test('a word that does not get through is told, and the next one tried', async () => {
    const environment = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: 'soon' };
    const { manager, words, errors } = managed(environment, new Error('no such program'));
    manager.ready('listening');
    manager.stopping();
    await manager.close();
    equal(words.length, 2);
    match(String(errors), /no such program.*no such program/);
  });
});
