/** What the results say of each statement, and how many statements of each chapter are kept. */
import {
  chapterOf,
  concernsServers,
  type Standard,
  type Statement,
  standardNames,
  statements,
} from '../statements/index.ts';
import type { Sut } from '../sut/sut.ts';
import type { CaseResult } from './run-case.ts';

/**
 * How a statement fared: the worst of its cases. 'without case': it was not tested, though it
 * could have been.
 */
export type Verdict = 'passed' | 'failed' | 'known' | 'not applicable' | 'without case';

/** Statements of one chapter, by verdict. */
export interface ChapterSummary {
  readonly standard: Standard;
  readonly chapter: string;
  readonly counts: Readonly<Record<Verdict, number>>;
}

/** From worst to best. */
const order: readonly Verdict[] = ['failed', 'known', 'passed', 'not applicable', 'without case'];

/** The verdict on each statement that a server has to obey and that can be tested. */
export function verdictsOf(
  standard: Standard,
  results: readonly CaseResult[],
): ReadonlyMap<string, Verdict> {
  const own = results.filter(result => result.standard === standard);
  const verdict = ({ id }: Statement): Verdict => {
    const outcomes = own.filter(result => result.ids.includes(id)).map(result => result.outcome);
    return order.find(one => outcomes.some(outcome => outcome === one)) ?? 'without case';
  };
  return new Map(
    statements[standard]
      .filter(statement => concernsServers(statement) && statement.testable !== 'untestable')
      .map(statement => [statement.id, verdict(statement)]),
  );
}

/** The chapters of both standards, in their order. */
export function summaryOf(results: readonly CaseResult[]): ChapterSummary[] {
  return (['v5', 'v3'] as const).flatMap(standard => {
    const chapters = new Map<string, Record<Verdict, number>>();
    for (const [id, verdict] of verdictsOf(standard, results)) {
      const chapter = chapterOf(id);
      const counts = chapters.get(chapter) ?? {
        passed: 0,
        failed: 0,
        known: 0,
        'not applicable': 0,
        'without case': 0,
      };
      counts[verdict] += 1;
      chapters.set(chapter, counts);
    }
    return Array.from(chapters, ([chapter, counts]) => ({ standard, chapter, counts }));
  });
}

/** Deviations that the file about the system under test foretells and that did not show. */
export function staleDeviations(sut: Sut, results: readonly CaseResult[]): string[] {
  return (['v5', 'v3'] as const).flatMap(standard => {
    const verdicts = verdictsOf(standard, results);
    return Object.keys(sut.deviations[standard])
      .filter(id => verdicts.get(id) === 'passed')
      .map(id => `${standardNames[standard]} ${id} is said to be a deviation, and is kept`);
  });
}
