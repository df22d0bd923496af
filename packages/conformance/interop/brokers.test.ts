/**
 * The command against brokers on real sockets: ours, and Debian's mosquitto, which shows that the
 * cases ask for no more than the standard does. Skipped where it is not installed, but not in CI.
 */
import { equal, match } from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Broker } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import { connectTcp, listenTcp } from '@godwit/transport/node';

const host = '127.0.0.1';
const mosquitto = '/usr/sbin/mosquitto';
const isInstalled = spawnSync(mosquitto, ['-h']).error === undefined;
const skip = isInstalled || process.env.CI !== undefined ? false : 'mosquitto is not installed';

/** Runs the command; from its source, as `bin` needs the build. */
async function command(...args: string[]): Promise<{ code: number; output: string }> {
  const source = JSON.stringify(new URL('../src/cli.ts', import.meta.url).href);
  const program = `import { main } from ${source};
    process.exitCode = await main(process.argv.slice(1));`;
  const child = spawn(
    process.execPath,
    ['--conditions=godwit-source', '--input-type=module', '--eval', program, '--', ...args],
    { timeout: 100_000, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

function sutFile(name: string): string {
  return new URL(`../sut/${name}`, import.meta.url).pathname;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('no TCP address');
  return address.port;
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
  test('finds nothing wrong with our broker', async () => {
    const broker = new Broker();
    const listener = await listenTcp({ host, port: 0 }, stream => broker.accept(stream));
    const url = `mqtt://${listener.address}`;
    const { code, output } = await command(url, '--sut', sutFile('godwit.toml'));
    await listener.close();
    await broker.close();
    equal(code, 0, output);
    match(output, /passed.*PINGREQ is answered by PINGRESP/);
    match(output, /\d+ passed, 0 failed/);
  });

  test('finds in mosquitto what its file says, and no more', { skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-conformance-'));
    const config = join(folder, 'mosquitto.conf');
    const port = await freePort();
    await writeFile(config, `listener ${port} ${host}\nallow_anonymous true\n`);
    const child = spawn(mosquitto, ['-c', config], { stdio: 'ignore' });
    try {
      await listening(child, port);
      const args = [`mqtt://${host}:${port}`, '--sut', sutFile('mosquitto.toml'), '--quiet'];
      const { code, output } = await command(...args);
      equal(code, 0, output);
    } finally {
      if (child.exitCode === null && child.kill()) await once(child, 'exit');
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('says how it is used', async () => {
    for (const [args, text] of [
      [[], /no address.*Usage:/s],
      [['http://example'], /is no address/],
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
