/** A small line chart as SVG, without scripts. */

export interface ChartLine {
  readonly name: string;
  /** A colour of CSS. */
  readonly color: string;
  readonly values: readonly number[];
}

export interface ChartOptions {
  readonly title: string;
  /** Seconds at which the values were taken. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
}

const width = 720;
const height = 220;
const left = 80;
const right = 10;
const top = 30;
const bottom = 30;
const gridLines = 4;

export function svgChart({ title, times, lines, format }: ChartOptions): string {
  const timeMax = times.at(-1) ?? 1;
  const valueMax = niceCeiling(Math.max(1, ...lines.flatMap(({ values }) => values)));
  const x = (time: number): number => left + ((width - left - right) * time) / timeMax;
  const y = (value: number): number =>
    height - bottom - ((height - top - bottom) * value) / valueMax;
  const grid = Array.from({ length: gridLines + 1 }, (_, i) => (valueMax * i) / gridLines).map(
    value =>
      `<line x1="${left}" x2="${width - right}" y1="${fixed(y(value))}" y2="${fixed(y(value))}"/>` +
      `<text x="${left - 6}" y="${fixed(y(value) + 4)}" class="end">${escapeHtml(format(value))}</text>`,
  );
  const paths = lines.map(({ color, values }) => {
    const points = values.map((value, i) => `${fixed(x(times[i]))},${fixed(y(value))}`);
    return `<polyline points="${points.join(' ')}" stroke="${color}"/>`;
  });
  const legend = lines.map(
    ({ name, color }, i) =>
      `<text x="${width - right - 110 * (lines.length - i)}" y="18" fill="${color}">` +
      `${escapeHtml(name)}</text>`,
  );
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">` +
    `<text x="${left}" y="18" class="title">${escapeHtml(title)}</text>${legend.join('')}` +
    `<g class="grid">${grid.join('')}</g><g class="lines">${paths.join('')}</g>` +
    `<text x="${left}" y="${height - 8}">0 s</text>` +
    `<text x="${width - right}" y="${height - 8}" class="end">${timeMax.toFixed(1)} s</text></svg>`
  );
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 2.5, 5].find(step => step * power >= value) ?? 10);
}

function fixed(value: number): string {
  return value.toFixed(1);
}
