/** A metric: what it is called, what it means, and how it is written for Prometheus. */
import type { Histogram } from './histogram.ts';

export interface MetricInfo {
  /** With its unit at the end; counters end with `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
}

/** Values by their labels, written as `{reason="…"}`; '' for none. */
export type MetricValues = number | Histogram | ReadonlyMap<string, number>;

/** One metric in the text format 0.0.4. */
export function metricText({ name, type, help }: MetricInfo, values: MetricValues): string {
  const head = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  if (typeof values === 'number') return `${head}${name} ${values}\n`;
  if (values instanceof Map) {
    const lines = Array.from(values, ([labels, value]) => `${name}${labels} ${value}\n`);
    return head + lines.join('');
  }
  return head + histogramText(name, values as Histogram);
}

function histogramText(name: string, { bounds, counts, count, sum }: Histogram): string {
  let below = 0;
  const lines = bounds.map((bound, at) => {
    below += counts[at];
    return `${name}_bucket{le="${bound}"} ${below}\n`;
  });
  return `${lines.join('')}${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`;
}
