/** A run's settings and result in one object: what `--json` prints and thresholds look at. */
import type { ConnectResult, ConnectSettings } from '../engine/connect-run.ts';
import type { IdleResult, IdleSettings } from '../engine/idle-run.ts';
import type { TrafficResult } from '../engine/traffic-result.ts';
import type { TrafficSettings } from '../engine/traffic-settings.ts';

/** Kinds of runs with messages. */
export type TrafficMode = 'pub' | 'sub' | 'pair' | 'fan' | 'share';

export type Report =
  | {
      readonly mode: TrafficMode;
      readonly settings: TrafficSettings;
      readonly result: TrafficResult;
    }
  | {
      readonly mode: 'connect';
      readonly settings: ConnectSettings;
      readonly result: ConnectResult;
    }
  | { readonly mode: 'idle'; readonly settings: IdleSettings; readonly result: IdleResult };

/** One number of a report, by the name that thresholds use. */
export type Metrics = ReadonlyMap<string, number>;

/**
 * All numbers of a report that a threshold can be about: durations in microseconds, memory in
 * bytes, rates per second.
 */
export function metricsOf(report: Report): Metrics {
  const metrics = new Map<string, number>();
  const add = (numbers: Readonly<Record<string, number | null | undefined>>): void => {
    for (const [name, value] of Object.entries(numbers)) {
      if (value !== null && value !== undefined) metrics.set(name, value);
    }
  };
  const { usage } = report.result;
  add({ load: usage.loadCores, cores: usage.server?.cores, rss: usage.server?.rssBytes });
  if (report.mode === 'idle') {
    const { bytesEach, connectRate, connections, open } = report.result;
    add({ bytes: bytesEach, rate: connectRate, closed: connections - open });
    return metrics;
  }
  const { latency } = report.result;
  add({
    mean: latency?.meanUs,
    p50: latency?.p50Us,
    p90: latency?.p90Us,
    p99: latency?.p99Us,
    'p99.9': latency?.p999Us,
    max: latency?.maxUs,
    cpu: usage.server?.usEach,
  });
  if (report.mode === 'connect') {
    add({ rate: report.result.connectRate, failed: report.result.failed });
    return metrics;
  }
  const { sentRate, receivedRate, acknowledgedRate, checked } = report.result;
  const { lost, duplicates, reordered, refused, foreign, givenUp, closed } = checked;
  add({ sent: sentRate, received: receivedRate, acknowledged: acknowledgedRate });
  add({ lost, duplicates, reordered, refused, foreign, givenUp, closed });
  return metrics;
}
