/**
 * A process that accepts entries on the directory it is told, keeps a mark of those released, and
 * says what is durable.
 */

import { systemClock } from '@godwit/runtime';
import { DataDirectory, LocalEngine, NodeDisk } from '../src/index.ts';

const data = await DataDirectory.open(await NodeDisk.open(process.argv[2]));
const engine = new LocalEngine({ clock: systemClock, data, limits: { segmentBytes: 1024 * 1024 } });
await engine.start();
await engine.accepts.load({ entry: () => 0, mark: () => {} });

const OUTSTANDING = 100;
const names = new Map<number, string>();
let next = 0;
let released = 0;

function offer(): void {
  next += 1;
  const bytes = new TextEncoder().encode(`${next}`.padEnd(200));
  names.set(engine.accepts.offer(bytes, 0, bytes.length, 1), `${next}`);
}

engine.accepts.onMark((_key, into) => new TextEncoder().encodeInto(`${released}`, into).written);
engine.accepts.onAccepted(upTo => {
  let said = '';
  for (const [at, name] of names) {
    if (at > upTo) break;
    names.delete(at);
    if (Number(name) % 3 === 0) {
      released = Number(name);
      engine.accepts.touch(1);
      engine.accepts.release(at);
    } else {
      said += `acked ${name}\n`;
    }
    offer();
  }
  const settled = released;
  engine.accepts.settle(() => process.stdout.write(`settled ${settled}\n`));
  process.stdout.write(said);
});
for (let n = 0; n < OUTSTANDING; n += 1) offer();
