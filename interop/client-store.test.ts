/**
 * Our client in a process that is killed, again and again, and goes on with its file store: what was
 * stored arrives, in order, and with QoS 2 once.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect, createClient, fileStore } from '@godwit/client/node';
import { systemClock } from '@godwit/runtime';
import { SeededRandom } from '@godwit/testkit';
import { suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';
import { mosquittoMissing, type Server, startGodwit, startMosquitto } from './support/server.ts';
import { freshClientId } from './support/software.ts';

const cycles = 15;
/** Numbers of one cycle are below those of the next. */
const numbersPerCycle = 1_000_000;
/** A process lives on for up to so long after it has started. */
const lifeMsMax = 300;
const program = fileURLToPath(new URL('support/storing-process.ts', import.meta.url));

/** Runs the process; `onLine`, if there is one, is to kill it. @returns what it said was stored */
async function run(
  args: string[],
  onLine?: (line: string, kill: () => void) => void,
): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=godwit-source', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const stored: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    onLine?.(line, () => child.kill('SIGKILL'));
    if (line !== 'started') stored.push(line);
  }
  const [code, signal] = await exited;
  assert.deepEqual([code, signal], onLine === undefined ? [0, null] : [null, 'SIGKILL']);
  return stored;
}

async function killAgainAndAgain(server: Server): Promise<void> {
  const random = new SeededRandom(server.port);
  const url = `mqtt://127.0.0.1:${server.port}`;
  const clientId = freshClientId('storing');
  const directory = await mkdtemp(join(tmpdir(), 'godwit-interop-'));
  const received: string[] = [];
  // mosquitto 2.0.11 sends more than a smaller one allows when this process is busy for a second
  await using watcher = await connect(url, { receiveMaximum: 65_535 });
  const broken: unknown[] = [];
  watcher.on('down', error => broken.push(error));
  await using messages = await watcher.subscribe(`${clientId}/#`, { qos: 2 });
  const watching = messages.each(message => {
    received.push(`${message.topic.slice(clientId.length + 1)} ${message.text()}`);
  });

  const stored: string[] = [];
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    const lifeMs = random.int(0, lifeMsMax);
    const args = [url, directory, clientId, `${cycle * numbersPerCycle}`];
    const killLater = (line: string, kill: () => void): void => {
      if (line === 'started') systemClock.after(lifeMs, kill);
    };
    stored.push(...(await run(args, killLater)));
  }
  await run([url, directory, clientId, '0', 'drain']);
  // it has all been acknowledged, and so precedes what is published now
  await watcher.publish(`${clientId}/end`, '', { qos: 2 });
  while (received.at(-1) !== 'end ') await new Promise<void>(done => systemClock.defer(done));
  await messages.unsubscribe();
  await watching;
  await rm(directory, { recursive: true });

  const counts = new Map<string, number>();
  for (const message of received) counts.set(message, (counts.get(message) ?? 0) + 1);
  assert.deepEqual(broken, [], 'the watcher missed nothing');
  assert.ok(stored.length > cycles, `${stored.length} messages were stored`);
  assert.deepEqual(
    stored.filter(message => !counts.has(message)),
    [],
  );
  assert.deepEqual(
    [...counts].filter(([message, count]) => message.startsWith('2') && count > 1),
    [],
    'QoS 2 came twice',
  );
  const last = new Map<string, number>();
  for (const message of counts.keys()) {
    const [topic, number] = message.split(' ');
    assert.ok(Number(number) > (last.get(topic) ?? -1), `${message} came too late`);
    last.set(topic, Number(number));
  }
}

suite('a client that is killed goes on with its store', { timeout: suiteMs * 2 }, () => {
  test('on our broker', async () => {
    await using server = await startGodwit();
    await killAgainAndAgain(server);
  });

  test('on mosquitto', { skip: skipWhereMissing(mosquittoMissing) }, async () => {
    // by default it drops what a subscriber is a thousand messages behind with
    await using server = await startMosquitto(['max_queued_messages 0']);
    await killAgainAndAgain(server);
  });

  test('a second process is refused, with a message that names the first', async () => {
    await using server = await startGodwit();
    const url = `mqtt://127.0.0.1:${server.port}`;
    const directory = await mkdtemp(join(tmpdir(), 'godwit-interop-'));
    let error: Error | undefined;
    let isSecond = false;
    await run([url, directory, 'first', '1'], (line, kill) => {
      if (line === 'started' || isSecond) return;
      isSecond = true;
      const second = createClient(url, { session: { store: fileStore(directory) } });
      void second.closed.then(reason => {
        error = reason;
        kill();
      });
    });
    assert.match(error?.message ?? '', /is in use by process \d+ on/);
    await rm(directory, { recursive: true });
  });
});
