import { engineContract } from '@godwit/storage/contract';
import { SeededRandom } from '@godwit/testkit';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { subjectOn } from './testing/engine-subject.ts';
import { HandClock } from './testing/hand-clock.ts';

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
