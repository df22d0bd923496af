/** Conditions under which a run counts as failed: `p99>5ms`, `lost>0`, `received<100k`. */
import type { Metrics } from './report.ts';

export interface Threshold {
  /** As it was written. */
  readonly text: string;
  readonly metric: string;
  readonly operator: '<' | '<=' | '>' | '>=';
  /** In the metric's own unit. */
  readonly limit: number;
}

/** Names that {@link metricsOf} knows, in some mode. */
export const metricNames: readonly string[] = [
  ...['mean', 'p50', 'p90', 'p99', 'p99.9', 'max'],
  ...['sent', 'received', 'acknowledged', 'rate'],
  ...['lost', 'duplicates', 'reordered', 'refused', 'foreign', 'givenUp', 'closed', 'failed'],
  ...['cpu', 'cores', 'load', 'rss', 'bytes'],
];

const durations = new Set(['mean', 'p50', 'p90', 'p99', 'p99.9', 'max', 'cpu']);
const memories = new Set(['rss', 'bytes']);

const durationUnits: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1e3, s: 1e6 };
const memoryUnits: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
const countUnits: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };

/** @throws RangeError saying what was expected */
export function parseThreshold(text: string): Threshold {
  const found = /^([\w.]+)\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*([a-zA-Zµ]*)$/.exec(text.trim());
  if (found === null) throw new RangeError(`'${text}' is no condition; expected one as p99>5ms`);
  const [, metric, operator, number, unit] = found;
  if (!metricNames.includes(metric)) {
    throw new RangeError(`there is no '${metric}'; expected ${metricNames.join(', ')}`);
  }
  const units = durations.has(metric)
    ? durationUnits
    : memories.has(metric)
      ? memoryUnits
      : countUnits;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor === undefined) {
    const names = Object.keys(units).filter(name => name !== '');
    throw new RangeError(`'${text}' has no unit of ${metric}; expected ${names.join(', ')}`);
  }
  return {
    text: text.trim(),
    metric,
    operator: operator as Threshold['operator'],
    limit: Number(number) * factor,
  };
}

/**
 * Whether a condition is met, so that the run has failed.
 *
 * @throws RangeError when the run did not measure what it is about
 */
export function isMet({ text, metric, operator, limit }: Threshold, metrics: Metrics): boolean {
  const value = metrics.get(metric);
  if (value === undefined) throw new RangeError(`'${text}': this run has no ${metric}`);
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
