export { mutants } from './mutants/mutants.ts';
export { type SimulateOptions, simulate, type Verdict } from './simulate.ts';
export type { Fault } from './world/life.ts';
