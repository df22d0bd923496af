/** A process that accepts entries on the directory it is told, and says which are acknowledged. */

import { systemClock } from '@godwit/runtime';
import { DataDirectory, LocalEngine, NodeDisk } from '../src/index.ts';

const data = await DataDirectory.open(await NodeDisk.open(process.argv[2]));
const engine = new LocalEngine({ clock: systemClock, data, limits: { segmentBytes: 1024 * 1024 } });
await engine.start();

let next = 0;
const offer = (): void => {
  next += 1;
  const name = `${next}`;
  engine.accepts.offer(new TextEncoder().encode(name.padEnd(200)), (error, at) => {
    if (error !== null) throw error;
    const released = at.index % 3 === 0;
    // Said first, so that a release never comes back as a loss.
    process.stdout.write(released ? `released ${name}\n` : `acked ${name}\n`);
    if (released) engine.accepts.release(at);
    offer();
  });
};
for (let n = 0; n < 100; n += 1) offer();
