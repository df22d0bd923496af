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
async function runAndKill(path: string): Promise<{ acked: Set<string>; settled: number }> {
  const child = spawn(process.execPath, ['--conditions=godwit-source', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const acked = new Set<string>();
  let settled = 0;
  let heard = 0;
  for await (const line of createInterface(child.stdout)) {
    const [word, name] = line.split(' ');
    if (word === 'acked') acked.add(name);
    else settled = Number(name);
    heard += 1;
    if (heard === ACKNOWLEDGED / 2) {
      const locked = { code: 'locked', message: new RegExp(`process ${child.pid} `) };
      await assert.rejects(DataDirectory.open(await NodeDisk.open(path)), locked);
    }
    if (heard === ACKNOWLEDGED) child.kill('SIGKILL');
  }
  await exited;
  assert.ok(heard >= ACKNOWLEDGED, 'it was killed, and did not fail');
  return { acked, settled };
}

test('kill -9 under load loses no acknowledged entry, and no settled mark', async () => {
  const path = await mkdtemp(join(tmpdir(), 'godwit-kill-'));
  for (let round = 0; round < ROUNDS; round += 1) {
    const { acked, settled } = await runAndKill(path);
    const data = await DataDirectory.open(await NodeDisk.open(path));
    const engine = new LocalEngine({ clock: systemClock, data });
    await engine.start();
    const found = new Set<number>();
    let mark = 0;
    await engine.accepts.load({
      entry(at, bytes) {
        assert.ok(!found.has(at), 'once');
        found.add(at);
        acked.delete(new TextDecoder().decode(bytes).trim());
        return 0;
      },
      mark(_key, bytes) {
        mark = Number(new TextDecoder().decode(bytes));
      },
    });
    assert.deepEqual([...acked], []);
    assert.ok(mark >= settled, `mark ${mark}, settled ${settled}`);
    await engine.stop(1000);
    data.close();
  }
  await rm(path, { recursive: true });
});
