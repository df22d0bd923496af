/** Server and load each get a processor, so that neither takes time from the other. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export const serverCore = 0;
export const loadCore = 1;

/** Whether this machine can do it: it takes two processors and taskset. */
export const canPin: boolean =
  availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** The command line that runs this one on a processor of its own. */
export function pinned(core: number, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command;
}
