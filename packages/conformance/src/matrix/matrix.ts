/** The page that says of every statement how it is tested: docs/reference/conformance.md. */
import type { ConformanceCase } from '../case/conformance-case.ts';
import { cases } from '../cases/index.ts';
import {
  chapterOf,
  concernsServers,
  type Standard,
  type Statement,
  standardNames,
  statements,
} from '../statements/index.ts';

const introduction = `# Conformance

Every normative statement of MQTT 5.0 and 3.1.1, in our words, with the cases that test it against
a server. [How to run them](../guides/conformance.md) against any broker. This page is generated
from \`packages/conformance\`.
`;

/** The page as Markdown. */
export function matrixPage(): string {
  return [introduction, ...(['v5', 'v3'] as const).map(standardPart)].join('\n');
}

function standardPart(standard: Standard): string {
  const chapters = Map.groupBy(statements[standard], ({ id }) => chapterOf(id));
  return [
    `## MQTT ${standardNames[standard]}\n\n${countsOf(standard)}\n`,
    ...Array.from(chapters, ([chapter, own]) => chapterPart(standard, chapter, own)),
  ].join('\n');
}

function chapterPart(standard: Standard, chapter: string, own: readonly Statement[]): string {
  const rows = own.map(one => {
    const { id, level, side, gist } = one;
    return `| ${id} | ${level} | ${side} | ${escaped(gist)} | ${statusOf(standard, one)} |`;
  });
  return [
    `### ${standardNames[standard]}, chapter ${chapter}\n`,
    '| id | level | who | what | tested by |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function countsOf(standard: Standard): string {
  const own = statements[standard].filter(concernsServers);
  const tested = own.filter(({ id }) => casesOf(standard, id).length > 0).length;
  const untestable = own.filter(({ testable }) => testable === 'untestable').length;
  return (
    `${statements[standard].length} statements. Of the ${own.length} that a server has to obey, ` +
    `cases test ${tested}, and ${untestable} cannot be seen from outside.`
  );
}

function casesOf(standard: Standard, id: string): ConformanceCase[] {
  return cases.filter(one => one[standard]?.includes(id));
}

/** What stands in the last column. */
function statusOf(standard: Standard, statement: Statement): string {
  const { id, clientTests } = statement;
  const titles = casesOf(standard, id).map(({ title }) => title);
  return [
    ...titles.map(escaped),
    ...(titles.length === 0 && concernsServers(statement) ? [reasonOf(statement)] : []),
    ...(clientTests ?? []).map(title => `client: ${escaped(title)}`),
  ].join('<br>');
}

function reasonOf(statement: Statement): string {
  return statement.testable === 'untestable' ? `*${statement.because}*` : '*no case yet*';
}

/** Text in a cell of a table. */
function escaped(text: string): string {
  return text.replace(/[|*<]/g, '\\$&');
}
