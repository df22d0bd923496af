/**
 * `godwit serve` killed twenty times under load: nothing that it answered for is lost. And once
 * under strace, since a process that is killed cannot show what a power cut would take: no
 * acknowledgement without a sync.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock, systemRandom } from '@godwit/runtime';
import { isInstalled, skipWhereMissing } from '../support/program.ts';
import { crashRun } from './crash-run.ts';
import { Faults } from './faults.ts';
import { endless, Peer } from './peer.ts';
import { waitFor } from './strand.ts';
import { godwitVictim } from './victim.ts';

const cycles = 20;
const timeout = 180_000;
const straceMissing = isInstalled('strace', '--version') ? false : 'strace is not installed';

test('killed again and again, the broker keeps its word', { timeout }, async () => {
  const seed = systemRandom.uint32();
  const result = await crashRun({ victim: await godwitVictim(), clock: systemClock, seed, cycles });
  assert.ok(result.isSound, `seed ${seed}, ${cycles} cycles\n${result.faults}`);
  assert.ok(result.acknowledged > 0 && result.delivered > result.acknowledged);
});

const strace = { timeout, skip: skipWhereMissing(straceMissing) };
test('every acknowledgement in a row has its own sync', strace, async () => {
  // With -D the broker is our child, and strace its own.
  const trace = ['strace', '-D', '-f', '--seccomp-bpf', '-e', 'trace=fdatasync', '-o'];
  const victim = await godwitVictim(folder => [...trace, join(folder, 'trace')]);
  const faults = new Faults();
  const clientId = 'one-by-one';
  const peer = new Peer({
    ...{ clientId, version: 5, expirySeconds: endless, clock: systemClock, faults, window: 1 },
  });
  const life = victim.start();
  try {
    await peer.connect(await life.listening);
    peer.subscribe('a', 2, () => {});
    assert.ok(await waitFor(systemClock, () => peer.isIdle, 10_000));
    const syncs = async (): Promise<number> =>
      (await readFile(join(victim.folder, 'trace'), 'utf8')).split(/\) += 0$/m).length - 1;
    const before = await syncs();
    const messages = 40;
    for (let n = 0; n < messages; n += 1) {
      peer.publish({ topic: 'a', payload: Buffer.from(`${n}`), qos: n % 2 === 0 ? 1 : 2 });
    }
    assert.ok(await waitFor(systemClock, () => peer.isIdle, 30_000));
    const since = (await syncs()) - before;
    assert.ok(since >= messages, `${messages} messages one by one, ${since} syncs`);
    assert.equal(faults.total, 0, `${faults}`);
  } finally {
    peer.cut();
    await life.stop();
    await victim.remove();
  }
});
