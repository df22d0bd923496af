/** `godwit config` and SIGHUP, as a shell sees them. */
import { equal, match } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { godwit } from './harness.ts';

suite('godwit config', () => {
  let folder = '';
  let file = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-config-'));
    file = join(folder, 'godwit.toml');
  });
  after(() => rm(folder, { recursive: true }));

  test('checks, prints and compares', async () => {
    await writeFile(file, '[limits]\ninflightMax = 0\n');
    const wrong = await godwit('config', 'check', file).outcome;
    equal(wrong.code, 1);
    match(wrong.stderr, /godwit config: .*:2: limits.inflightMax is 0; expected an integer from 1/);
    await writeFile(file, '[limits]\ninflightMax = 5\n');
    equal((await godwit('config', 'check', file).outcome).stdout, `${file} is valid\n`);
    match((await godwit('config', 'print', file).outcome).stdout, /^inflightMax = 5$/m);
    const json = await godwit('config', 'print', '--json', '--set', 'limits.inflightMax=6').outcome;
    equal(JSON.parse(json.stdout).limits.inflightMax, 6);
    const diff = await godwit('config', 'diff', file).outcome;
    equal(diff.stdout, 'limits.inflightMax: 1024 → 5\n');
    match((await godwit('config', 'reference').outcome).stdout, /^# inflightMax = 1024$/m);
  });

  test('SIGHUP has a server read its file again; one with faults changes nothing', async t => {
    await writeFile(file, '[[listeners]]\nport = 0\n[limits]\ninflightMax = 5\n');
    const serving = godwit('serve', '--config', file);
    t.after(() => serving.kill('SIGKILL'));
    await new Promise(done => serving.process.stdout?.once('data', done));
    await writeFile(file, '[[listeners]]\nport = 0\n[limits]\ninflightMax = 0\n');
    serving.kill('SIGHUP');
    await serving.says(/configuration stays as it was.*inflightMax is 0/);
    await writeFile(file, '[[listeners]]\nport = 0\n[limits]\ninflightMax = 6\n');
    serving.kill('SIGHUP');
    await serving.says(/configuration was read again changed=.*limits.inflightMax"/);
    serving.kill('SIGTERM');
    equal((await serving.outcome).code, 0);
  });
});
