/** Reads a whole table in the order in which its values lie on the disk. */

import type { HeldValue, KeyedTable } from './keyed-table.ts';
import type { StateLog } from './state-log.ts';

export interface LoadedValue {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly held: HeldValue;
}

/** Every value there is when the iteration begins. Throws `EngineError`. */
export async function* loadValues(state: StateLog, table: KeyedTable): AsyncGenerator<LoadedValue> {
  const found = await state.run(0, null, () =>
    Array.from(table.entries(), ([key, held]) => ({ key, held, pinned: table.pin(held) })),
  );
  found.sort((a, b) => a.held.address - b.held.address);
  let next = 0;
  try {
    while (next < found.length) {
      const { key, held, pinned } = found[next];
      next += 1;
      yield { key, bytes: await table.read(pinned, true), held };
    }
  } finally {
    for (const { pinned } of found.slice(next)) table.release(pinned);
  }
}
