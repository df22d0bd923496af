/** A real process, killed under load: nothing that it acknowledged is lost. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@godwit/runtime';
import { DataDirectory, LocalEngine, NodeDisk } from '../src/index.ts';

const ROUNDS = 3;
const ACKNOWLEDGED = 5000;

const program = fileURLToPath(new URL('accepting-process.ts', import.meta.url));

/** What the process said before it was killed. */
async function runAndKill(path: string): Promise<Set<string>> {
  const child = spawn(process.execPath, ['--conditions=godwit-source', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acked = new Set<string>();
  let heard = 0;
  for await (const line of createInterface(child.stdout)) {
    const [word, name] = line.split(' ');
    if (word === 'acked') acked.add(name);
    heard += 1;
    if (heard === ACKNOWLEDGED / 2) {
      const locked = { code: 'locked', message: new RegExp(`process ${child.pid} `) };
      await assert.rejects(DataDirectory.open(await NodeDisk.open(path)), locked);
    }
    if (heard === ACKNOWLEDGED) child.kill('SIGKILL');
  }
  await exited;
  assert.ok(heard >= ACKNOWLEDGED, 'it was killed, and did not fail');
  return acked;
}

test('kill -9 under load loses no acknowledged entry', async () => {
  const path = await mkdtemp(join(tmpdir(), 'godwit-kill-'));
  for (let round = 0; round < ROUNDS; round += 1) {
    const acked = await runAndKill(path);
    const data = await DataDirectory.open(await NodeDisk.open(path));
    const engine = new LocalEngine({ clock: systemClock, data });
    await engine.start();
    for await (const log of engine.accepts.orphans()) {
      let before = 0;
      for await (const { bytes } of log.entries()) {
        const name = new TextDecoder().decode(bytes).trim();
        assert.ok(Number(name) > before, 'in order, once');
        before = Number(name);
        acked.delete(name);
      }
      await log.finish();
    }
    assert.deepEqual([...acked], []);
    await engine.stop(1000);
    await data.close();
  }
  await rm(path, { recursive: true });
});
