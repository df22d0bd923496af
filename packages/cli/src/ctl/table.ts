/** Lists for people: columns as wide as what is in them. */

export type Row = Readonly<Record<string, unknown>>;

/** @param columns in this order; headings in capitals */
export function table(rows: readonly Row[], columns: readonly string[]): string {
  const lines = [
    columns.map(name => name.toUpperCase()),
    ...rows.map(row => columns.map(name => plain(row[name]))),
  ];
  const widths = columns.map((_, at) => Math.max(...lines.map(line => line[at].length)));
  return lines
    .map(
      line =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at]))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** What a client has chosen must not move the cursor. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return '-';
  return String(value).replace(/\p{Cc}/gu, '�');
}
