import { deepEqual, equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TrafficMode, TrafficSettings } from '@godwit/bench';
import {
  type BenchValues,
  benchParser,
  connectSettings,
  idleSettings,
  serverSettings,
  trafficSettings,
} from './bench-options.ts';

function values(...args: readonly string[]): BenchValues {
  const parser = benchParser()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return parser.parse(['pair', ...args], { from: 'user' }).opts();
}

const traffic = (mode: TrafficMode, ...args: readonly string[]): TrafficSettings =>
  trafficSettings(mode, values(...args));

suite('options of bench', () => {
  test('modes cast publishers, subscribers and topics', () => {
    const cast = (mode: TrafficMode, ...args: readonly string[]): unknown[] => {
      const { publishers, subscribers, topics, share } = traffic(mode, ...args);
      return [publishers, subscribers, topics, share];
    };
    deepEqual(cast('pub', '-n', '3'), [3, 0, 3, undefined]);
    deepEqual(cast('sub'), [0, 1, 1, undefined]);
    deepEqual(cast('pair', '-n', '5', '--subscribers', '10'), [5, 10, 5, undefined]);
    deepEqual(cast('fan', '-n', '9'), [1, 9, 1, undefined]);
    deepEqual(cast('fan', '--publishers', '9', '--subscribers', '1'), [9, 1, 1, undefined]);
    deepEqual(cast('share', '--group', 'g'), [10, 10, 1, 'g']);
    throws(() => cast('pub', '--subscribers', '1'), /mode pub has no subscribers/);
    throws(() => cast('pair', '--group', 'g'), /--group needs mode share/);
  });

  test('the filter fits the topic, and a message its payload', () => {
    const { filter, payloadBytes, subscriberQos } = traffic(
      ...(['pair', '-t', 'a/%d/%t', '-m', 'é', '-q', '2'] as const),
    );
    deepEqual([filter, payloadBytes, subscriberQos], ['a/%d/+', 22, 2]);
    equal(traffic('pair').payloadBytes, 64);
    throws(() => values('-s', '19'), /integer from 20 to/);
  });

  test('a loop is closed or open', () => {
    equal(traffic('pair').rate, undefined);
    equal(traffic('pair', '-r', '500').rate, 500);
    throws(() => traffic('pair', '-r', '500', '-w', '5'), /give only one of them/);
    throws(() => traffic('pair', '-d', '0'), /expected a time to measure/);
  });

  test('-L names the server, and other options go first', () => {
    const server = serverSettings(values('-L', 'mqtt://me:secret@[::1]:7/a/%d', '-u', 'you'));
    const { url, username, password } = server;
    deepEqual([url, username, password], ['mqtt://[::1]:7', 'you', 'secret']);
    equal(serverSettings(values()).url, 'mqtt://127.0.0.1:1883');
    equal(serverSettings(values('-p', '8883')).url, 'mqtts://127.0.0.1:8883');
    equal(traffic('pair', '-L', 'mqtt://h/a/%d').topic, 'a/%d');
  });

  test('--fail-if takes several conditions', () => {
    const { failIf } = values('--fail-if', 'p99>5ms', 'lost>0', '--quiet', '--fail-if', 'cpu>1us');
    deepEqual(
      failIf.map(({ text }) => text),
      ['p99>5ms', 'lost>0', 'cpu>1us'],
    );
    throws(() => values('--fail-if', 'lots>0'), /there is no 'lots'/);
  });

  test('-n are connections: at a time, or in all', () => {
    equal(connectSettings(values('-n', '7')).server.concurrency, 7);
    deepEqual(
      [idleSettings(values()).connections, idleSettings(values('-n', '7', '-d', '2')).durationMs],
      [5_000, 2_000],
    );
  });
});
