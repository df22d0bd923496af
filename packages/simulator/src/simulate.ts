/** One simulation from its seed to its verdict. */
import { Script } from './script.ts';
import type { Fault } from './world/life.ts';
import { Trace } from './world/trace.ts';
import { World } from './world/world.ts';

export interface SimulateOptions {
  /** 0 to 2^32-1: decides everything. */
  readonly seed: number;
  /** Random steps before the end. */
  readonly steps: number;
  /** A deliberate fault that the model has to find; none by default. */
  readonly fault?: Fault;
  /** Gets every event as a line of text. */
  readonly print?: (line: string) => void;
}

export interface Verdict {
  /** What was wrong, in the order of finding it; empty when nothing was. */
  readonly faults: readonly string[];
  /** Two runs of the same seed, steps and code have the same. */
  readonly hash: string;
  /** Steps until the end, or the first fault. */
  readonly steps: number;
}

/** Runs until something is wrong, or to the end. */
export async function simulate({ seed, steps, fault, print }: SimulateOptions): Promise<Verdict> {
  const trace = new Trace(print ?? null);
  const world = new World(seed, trace, fault ?? {});
  const script = new Script(world);
  const { model } = world;
  let step = 0;
  try {
    while (step < steps && model.faults.length === 0) {
      step += 1;
      await script.step();
    }
    if (model.faults.length === 0) await script.finish();
  } catch (error) {
    // What the broker, or its engine, throws at nobody.
    model.ledger.fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  world.end();
  for (const found of model.faults) trace.add(found);
  return { faults: [...model.faults], hash: trace.hash, steps: step };
}
