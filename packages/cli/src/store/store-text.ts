/** What `godwit store` says to people. */
import type { DamageError, StoreReport } from '@godwit/server/data';

const headings = ['client identifier', 'waiting', 'in flight', 'payload bytes'] as const;
const clientIdShown = 60;

/** What a directory holds. */
export function storeText({ format, counts, queues, files }: StoreReport): string {
  const rows = [
    ['format', `${format}`],
    ['sessions', count(counts.session)],
    ['subscriptions', count(counts.subscription)],
    ['messages', count(counts.message)],
    ['retained', count(counts.retained)],
    ['wills', count(counts.will)],
    ['message log', logText(files.accepts)],
    ['state log', logText(files.state)],
  ];
  const text = rows.map(([name, value]) => `${name.padEnd(15)}${value}\n`).join('');
  if (queues.length === 0) return text;
  const table = [
    headings,
    ...queues.map(({ clientId, waiting, inFlight, payloadBytes }) => [
      // It may hold anything, line feeds too.
      JSON.stringify(clientId).slice(1, -1).slice(0, clientIdShown),
      count(waiting),
      count(inFlight),
      count(payloadBytes),
    ]),
  ];
  const widths = headings.map((_, at) => Math.max(...table.map(row => row[at].length)));
  const lines = table.map(([first, ...rest]) => {
    const cells = rest.map((cell, at) => cell.padStart(widths[at + 1] + 2));
    return `${first.padEnd(widths[0])}${cells.join('')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** What is damaged, a line each. */
export function damageText(problems: DamageError['problems']): string {
  return problems.map(({ file, offset, what }) => `${file}, byte ${offset}: ${what}\n`).join('');
}

function logText({ segments, size, bytes, deadBytes }: StoreReport['files']['accepts']): string {
  const files = segments.length === 1 ? '1 file' : `${count(segments.length)} files`;
  const written = `${count(bytes)} written, ${count(deadBytes)} of them not needed any more`;
  return `${files} of ${count(size)} bytes; ${written}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
