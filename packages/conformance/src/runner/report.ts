/** The results as text for a terminal and as JSON for a program. */
import { styleText } from 'node:util';
import { standardNames } from '../statements/index.ts';
import type { Sut } from '../sut/sut.ts';
import type { CaseResult } from './run-case.ts';
import { type ChapterSummary, summaryOf, type Verdict, verdictsOf } from './summary.ts';

const columns: readonly Verdict[] = ['passed', 'failed', 'known', 'not applicable', 'without case'];

/** A line about a case that is over. */
export function resultLine({ title, version, ids, outcome, reason }: CaseResult): string {
  const colours = { passed: 'green', failed: 'red', known: 'yellow', 'not applicable': 'gray' };
  const colour = colours[outcome] as 'green';
  const why = outcome === 'not applicable' ? ` (${reason})` : '';
  return `${styleText(colour, outcome)}  [v${version}] ${title}  ${ids.join(' ')}${why}`;
}

/** What was expected, what came, and what went over the wire before. */
export function failureText(result: CaseResult): string {
  const { title, version, ids, reason, transcript } = result;
  return [
    styleText('bold', `${title} [v${version}]`),
    ids.join(' '),
    reason,
    '',
    transcript.replace(/^(?=.)/gm, '  '),
    '',
  ].join('\n');
}

/** Statements by chapter and verdict; chapters of which nothing was run are left out. */
export function summaryTable(results: readonly CaseResult[]): string {
  const rows = summaryOf(results).filter(
    ({ counts }) => Object.values(counts).reduce((a, b) => a + b) > counts['without case'],
  );
  const cells = [
    ['MQTT', 'chapter', ...columns],
    ...rows.map(row => cellsOf(standardNames[row.standard], row.chapter, row.counts)),
    cellsOf('', 'all', totalOf(rows)),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map(row => row[column].length)));
  return cells
    .map(row => row.map((cell, column) => cell.padStart(widths[column])).join('  '))
    .join('\n');
}

/** Everything, for a program. */
export function reportJson(sut: Sut, results: readonly CaseResult[]): string {
  const verdicts = {
    v5: Object.fromEntries(verdictsOf('v5', results)),
    v3: Object.fromEntries(verdictsOf('v3', results)),
  };
  return `${JSON.stringify({ sut: sut.name, verdicts, results }, null, 2)}\n`;
}

/** How many cases had each outcome: `12 passed, 1 failed`. */
export function countsLine(results: readonly CaseResult[]): string {
  const outcomes = ['passed', 'failed', 'known', 'not applicable'] as const;
  const counts = outcomes.map(outcome => {
    const count = results.filter(result => result.outcome === outcome).length;
    return `${count} ${outcome}`;
  });
  return `${results.length} runs of cases: ${counts.join(', ')}`;
}

function cellsOf(first: string, second: string, counts: ChapterSummary['counts']): string[] {
  return [first, second, ...columns.map(column => String(counts[column]))];
}

function totalOf(rows: readonly ChapterSummary[]): Record<Verdict, number> {
  const entries = columns.map(column => [
    column,
    rows.reduce((total, { counts }) => total + counts[column], 0),
  ]);
  return Object.fromEntries(entries);
}
