/** What the broker tells of itself, as Mosquitto's client reads it. */
import { match } from 'node:assert/strict';
import { test } from 'node:test';
import { lacks, Running, startServer } from './harness.ts';

test('mosquitto_sub reads $SYS', { skip: lacks('mosquitto_sub') }, async t => {
  const [server, port] = await startServer({ sys: { intervalSeconds: 1 } });
  t.after(() => server.close());
  const args = ['-h', '127.0.0.1', '-p', port, '-t', '$SYS/broker/#', '-v', '-C', '27', '-W', '20'];
  const { stdout } = await new Running('mosquitto_sub', args).outcome;
  match(stdout, /^\$SYS\/broker\/version godwit version \d/m);
  match(stdout, /^\$SYS\/broker\/clients\/total \d+$/m);
});
