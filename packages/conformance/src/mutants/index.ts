/** All mutants. */
import { connectMutants } from './connect-mutants.ts';
import type { Mutant } from './mutant.ts';

export const mutants: readonly Mutant[] = [...connectMutants];
