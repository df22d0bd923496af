/** The engine keeps the contract of engines on real files. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineContract } from '@godwit/storage/contract';
import { NodeDisk } from '../src/disk/node-disk.ts';
import { subjectOn } from '../src/testing/engine-subject.ts';
import { HandClock } from '../src/testing/hand-clock.ts';

engineContract('local, on files', async () => {
  const path = await mkdtemp(join(tmpdir(), 'godwit-storage-'));
  const disk = await NodeDisk.open(path);
  return subjectOn(disk, new HandClock(), null, () => rm(path, { recursive: true }));
});
