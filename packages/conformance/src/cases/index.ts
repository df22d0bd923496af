/** All cases, in the order of the specification. */
import type { ConformanceCase } from '../case/conformance-case.ts';
import { clientIdentifierCases, connectCases } from './connect.ts';
import { connectLimitsCases } from './connect-limits.ts';
import { connectSessionCases } from './connect-session.ts';
import { connectWillCases } from './connect-will.ts';
import { pingCases } from './ping.ts';

export const cases: readonly ConformanceCase[] = [
  ...connectCases,
  ...clientIdentifierCases,
  ...connectSessionCases,
  ...connectWillCases,
  ...connectLimitsCases,
  ...pingCases,
];
