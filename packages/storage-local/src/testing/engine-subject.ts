/** A `LocalEngine` as the contract of engines wants it, on any disk. */
import type { EngineUnderTest } from '@godwit/storage/contract';
import { SeededRandom } from '@godwit/testkit';
import { DataDirectory } from '../data-directory.ts';
import type { Disk } from '../disk/disk.ts';
import { LocalEngine } from '../local-engine.ts';
import type { HandClock } from './hand-clock.ts';
import { WatchedDisk } from './watched-disk.ts';

const MIB = 1024 * 1024;

const limits = {
  acceptBytesMax: 20 * MIB,
  entryBytesMax: 10 * MIB,
  willBytesMax: 4 * MIB,
  segmentBytes: 256 * 1024,
};

/** A subject whose crashes leave `disk` in the state that `crash` makes of it. */
export async function subjectOn(
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
