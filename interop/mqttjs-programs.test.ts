/** Programs written for MQTT.js do the same when only their import is changed. */
import { deepEqual, match } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';
import { mosquittoMissing, type Server, startGodwit, startMosquitto } from './support/server.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'interop', 'programs');
const programs = readdirSync(folder);
const ours = '@godwit/client/mqttjs';

const brokers = [
  { name: 'godwit', start: () => startGodwit(), missing: false },
  { name: 'mosquitto', start: startMosquitto, missing: mosquittoMissing },
] as const;

/** What a program prints, line by line; lines of things that go on at once come in any order. */
async function printed(program: string, server: Server): Promise<string[]> {
  const args = ['--conditions=godwit-source', program];
  const env = { ...process.env, MQTT_URL: `mqtt://127.0.0.1:${server.port}` };
  const { stdout, stderr } = await run(process.execPath, args, { cwd: root, env, timeout: 20_000 });
  deepEqual(stderr, '');
  return stdout.trimEnd().split('\n').sort();
}

for (const { name, start, missing } of brokers) {
  suite(`programs of MQTT.js, on ${name}`, {
    skip: skipWhereMissing(missing),
    timeout: suiteMs,
  }, () => {
    let copies = '';
    before(() => {
      mkdirSync(join(root, '.cache'), { recursive: true });
      copies = mkdtempSync(join(root, '.cache', 'programs-'));
    });
    after(() => rmSync(copies, { recursive: true, force: true }));

    for (const program of programs) {
      test(program, async () => {
        const text = readFileSync(join(folder, program), 'utf8');
        match(text, /from 'mqtt';/);
        const copy = join(copies, program);
        writeFileSync(copy, text.replace(`from 'mqtt';`, `from '${ours}';`));
        await using theirServer = await start();
        const expected = await printed(join(folder, program), theirServer);
        await using ourServer = await start();
        deepEqual(await printed(copy, ourServer), expected);
      });
    }
  });
}
