import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineUnderTest, engineContract } from '@godwit/storage/contract';
import { SeededRandom } from '@godwit/testkit';
import { DataDirectory } from './data-directory.ts';
import type { Disk } from './disk/disk.ts';
import { NodeDisk } from './disk/node-disk.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { LocalEngine } from './local-engine.ts';
import { HandClock } from './testing/hand-clock.ts';
import { WatchedDisk } from './testing/watched-disk.ts';

const MIB = 1024 * 1024;

const limits = {
  acceptBytesMax: 20 * MIB,
  entryBytesMax: 10 * MIB,
  willBytesMax: 4 * MIB,
  segmentBytes: 256 * 1024,
};

/** A subject whose crashes leave `disk` in the state that `crash` makes of it. */
async function subjectOn(
  below: Disk,
  clock: HandClock,
  crash: (() => void) | null,
  onClose: () => Promise<void>,
): Promise<EngineUnderTest> {
  let disk = new WatchedDisk(below);
  let data = await DataDirectory.open(disk);
  const engines: LocalEngine[] = [];
  clock.busy = () => disk.pending > 0;
  const another = async (): Promise<LocalEngine> => {
    const engine = new LocalEngine({ clock, data, limits, random: new SeededRandom(1) });
    engines.push(engine);
    return engine;
  };
  return {
    engine: await another(),
    clock,
    advance: ms => clock.advance(ms),
    stall(ms) {
      const stalled = disk;
      stalled.stalled = true;
      clock.after(ms, () => {
        stalled.stalled = false;
      });
    },
    async crash() {
      const killed = engines.at(-1)?.kill();
      if (crash === null) {
        await killed;
      } else {
        crash();
        disk = new WatchedDisk(below);
        data = await DataDirectory.open(disk);
      }
      return another();
    },
    another,
    async close() {
      disk.stalled = false;
      const stopping = engines.map(engine => engine.stop(0));
      await clock.advance(0);
      await Promise.all(stopping);
      data.close();
      await onClose();
    },
  };
}

engineContract('local, on files', async () => {
  const path = await mkdtemp(join(tmpdir(), 'godwit-storage-'));
  const disk = await NodeDisk.open(path);
  return subjectOn(disk, new HandClock(), null, () => rm(path, { recursive: true }));
});

engineContract('local, on a simulated disk', async () => {
  const clock = new HandClock();
  const disk = new SimulatedDisk({ random: new SeededRandom(2), clock });
  return subjectOn(
    disk,
    clock,
    () => disk.powerCut(),
    async () => {},
  );
});
