/** Runs one case with one protocol version, and says how it went. */
import type { ProtocolVersion } from '@godwit/protocol';
import { CaseContext, type CaseEnvironment } from '../case/case-context.ts';
import { type ConformanceCase, idsOf, standardOf } from '../case/conformance-case.ts';
import { NotApplicable } from '../case/not-applicable.ts';
import type { Standard } from '../statements/index.ts';
import type { Target } from '../target/target.ts';

/** Real time that a case may take, in milliseconds. */
const caseMsMax = 20_000;

/**
 * 'known' is a failure that the file about the system under test has foretold for one of the
 * statements.
 */
export type Outcome = 'passed' | 'failed' | 'known' | 'not applicable';

export interface CaseResult {
  readonly title: string;
  readonly version: ProtocolVersion;
  readonly standard: Standard;
  /** Statements that it tested. */
  readonly ids: readonly string[];
  readonly outcome: Outcome;
  /** What was expected and what came, or why the case does not apply; '' when it passed. */
  readonly reason: string;
  /** What went over the wire, when it failed. */
  readonly transcript: string;
}

/** Runs `one` to its end; never throws. */
export async function runCase(
  one: ConformanceCase,
  environment: CaseEnvironment,
): Promise<CaseResult> {
  const { version, target, sut } = environment;
  const standard = standardOf(version);
  const ids = idsOf(one, version);
  const result = { title: one.title, version, standard, ids, transcript: '' };
  const obstacle = obstacleOf(one, environment);
  if (obstacle !== '') return { ...result, outcome: 'not applicable', reason: obstacle };
  const context = new CaseContext(environment);
  try {
    await withDeadline(target, one.run(context));
    return { ...result, outcome: 'passed', reason: '' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof NotApplicable) return { ...result, outcome: 'not applicable', reason };
    const foretold = ids.map(id => sut.deviations[standard][id]).find(text => text !== undefined);
    const transcript = context.transcript.toString();
    if (foretold === undefined) return { ...result, outcome: 'failed', reason, transcript };
    return { ...result, outcome: 'known', reason: `${foretold}\n${reason}`, transcript };
  } finally {
    await withDeadline(target, context.close()).catch(() => {});
  }
}

/** Why the case does not apply; '' when it does. */
function obstacleOf(one: ConformanceCase, environment: CaseEnvironment): string {
  const { version, sut, capabilities } = environment;
  if (!sut.versions.includes(version)) return 'the server does not speak this version';
  const missing = one.needs?.filter(name => !capabilities[name]) ?? [];
  return missing.length === 0 ? '' : `the server lacks: ${missing.join(', ')}`;
}

/** On virtual time nothing takes for ever: a wait ends when nothing is left to happen. */
async function withDeadline(target: Target, work: Promise<void>): Promise<void> {
  if (target.advance !== undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = target.clock.after(caseMsMax, () => {
    reject(new Error(`took longer than ${caseMsMax} ms`));
  });
  try {
    await Promise.race([work, promise]);
  } finally {
    timer.cancel();
  }
}
