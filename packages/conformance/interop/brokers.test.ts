/**
 * The command against brokers on real sockets: ours, and Debian's mosquitto, which shows that the
 * cases ask for no more than the standard does. Skipped where it is not installed, but not in CI.
 */
import { equal, match } from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scramCredential, scramMethod } from '@godwit/auth';
import { Broker, type BrokerOptions } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import { freePort } from '@godwit/testkit/free-port';
import { connectTcp, listenTcp } from '@godwit/transport/node';

const host = '127.0.0.1';
const mosquitto = '/usr/sbin/mosquitto';
const isInstalled = spawnSync(mosquitto, ['-h']).error === undefined;
const skip = isInstalled || process.env.CI !== undefined ? false : 'mosquitto is not installed';
const launcher = fileURLToPath(new URL('../bin/godwit-conformance.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** As most of the time goes by waiting. */
const concurrency = ['--concurrency', '48'];

/** Runs the command as a shell would. */
async function command(...args: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [launcher, ...args], {
    timeout: 100_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

/** Runs the command against a broker of ours on a port of its own. */
async function against(options: BrokerOptions, ...args: string[]): Promise<Outcome> {
  const broker = new Broker(options);
  const listener = await listenTcp({ host, port: 0 }, stream => broker.accept(stream));
  const outcome = await command(`mqtt://${listener.address}`, ...concurrency, ...args);
  await listener.close();
  await broker.close();
  return outcome;
}

function sutFile(name: string): string {
  return fileURLToPath(new URL(`../sut/${name}`, import.meta.url));
}

/** Resolves when the program listens. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  while (child.exitCode === null) {
    const stream = await connectTcp({ host, port }).catch(() => null);
    stream?.open({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} });
    stream?.destroy();
    if (stream !== null) return;
    await new Promise<void>(resolve => void systemClock.after(20, resolve));
  }
  throw new Error(`mosquitto ended with ${child.exitCode}`);
}

suite('godwit-conformance', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-conformance-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  test('finds nothing wrong with our broker', async () => {
    const { code, output } = await against({}, '--sut', sutFile('godwit.toml'));
    equal(code, 0, output);
    match(output, /passed.*PINGREQ is answered by PINGRESP/);
    match(output, /\d+ passed, 0 failed/);
  });

  test('finds nothing wrong with how our broker authenticates', async () => {
    const file = join(folder, 'scram.toml');
    const auth = '[auth]\nmethod = "SCRAM-SHA-256"\nusername = "ada"\npassword = "engine"\n';
    await writeFile(file, `name = "Godwit with SCRAM"\n${auth}`);
    const ada = await scramCredential('engine', { hash: 'SHA-256', iterations: 4096 });
    const method = scramMethod('SHA-256', name => (name === 'ada' ? ada : undefined));
    const options = { hooks: { authMethods: [method] } };
    const { code, output } = await against(options, '--sut', file, '--only', 'MQTT-4.12');
    equal(code, 0, output);
    match(output, /passed.*a client proves itself again, and keeps its session/);
    match(output, /[1-9]\d* passed, 0 failed, 0 known, 0 not applicable/);
  });

  /** Runs the command against mosquitto with this in its configuration. */
  const againstMosquitto = async (settings: string): Promise<Outcome> => {
    const config = join(folder, 'mosquitto.conf');
    const port = await freePort();
    await writeFile(config, `listener ${port} ${host}\nallow_anonymous true\n${settings}`);
    const child = spawn(mosquitto, ['-c', config], { stdio: 'ignore' });
    try {
      await listening(child, port);
      const args = ['--sut', sutFile('mosquitto.toml'), '--quiet', ...concurrency];
      return await command(`mqtt://${host}:${port}`, ...args);
    } finally {
      if (child.exitCode === null && child.kill()) await once(child, 'exit');
    }
  };

  for (const settings of ['', 'max_qos 1\n']) {
    const title = `finds in mosquitto what its file says, and no more; ${settings.trim()}`;
    test(title.replace(/; $/, ''), { skip }, async () => {
      const { code, output } = await againstMosquitto(settings);
      equal(code, 0, output);
    });
  }

  test('says how it is used', async () => {
    for (const [args, text] of [
      [[], /no address.*Usage:/s],
      [['http://example'], /is not of the form mqtt/],
      [['--port', '1'], /--port.*Usage:/s],
      [['mqtt://127.0.0.1', '--concurrency', '0'], /expected 1 to 64/],
      [['--sut', 'nothing.toml'], /nothing\.toml/],
    ] as const) {
      const { code, output } = await command(...args);
      equal(code, 2);
      match(output, text);
    }
    equal((await command('--help')).code, 0);
  });
});
