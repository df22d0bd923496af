/** The programs in `examples/` run, and print what they are to print. */
import { equal } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { suiteMs } from './support/inbox.ts';
import { startGodwit } from './support/server.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'examples');

const expected: Readonly<Record<string, readonly string[]>> = {
  'sensor.ts': [
    'sensors/kitchen/status here',
    'sensors/kitchen/temperature 20.5',
    'sensors/kitchen/temperature 21',
    'sensors/kitchen/temperature 21.5',
    'sensors/kitchen/status gone',
  ],
  'work-queue.ts': ['20 jobs done by 2 workers'],
  'request-response.ts': ['tea: 3.50', 'coffee: we have no coffee'],
  'typed-topics.ts': ['north 7: 21.5 in 2026', '1 invalid'],
};

suite('examples', { timeout: suiteMs }, () => {
  for (const name of readdirSync(folder)) {
    test(name, async () => {
      await using server = await startGodwit();
      const url = `mqtt://127.0.0.1:${server.port}`;
      const args = ['--conditions=godwit-source', join(folder, name), url];
      const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 20_000 });
      equal(stdout, `${expected[name]?.join('\n')}\n`);
    });
  }
});
