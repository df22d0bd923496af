/** A report for a terminal: some lines of words and numbers. */
import type { ConnectResult } from '../engine/connect-run.ts';
import type { IdleResult } from '../engine/idle-run.ts';
import type { TrafficResult } from '../engine/traffic-result.ts';
import type { TrafficSettings } from '../engine/traffic-settings.ts';
import type { LatencySummary } from '../measure/latency-histogram.ts';
import type { Usage } from '../measure/usage-meter.ts';
import { formatBytes, formatCount, formatDuration } from './quantities.ts';
import type { Report } from './report.ts';

const versionNames = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const;
/** From here on the load, not the server, may be what limits. */
const busyCores = 0.9;

type Row = readonly [name: string, text: string];

/** Lines, each with its end. */
export function textReport(report: Report): string {
  const rows = rowsOf(report);
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return `${titleOf(report)}\n${lines.join('\n')}\n`;
}

/** What was run, in one line. */
export function titleOf(report: Report): string {
  const { url, version } = report.settings.server;
  const parts: string[] = [report.mode];
  switch (report.mode) {
    case 'connect':
      parts.push(`${report.settings.server.concurrency} at a time`);
      break;
    case 'idle':
      parts.push(`${formatCount(report.settings.connections)} connections`);
      break;
    default:
      parts.push(...trafficWords(report.settings));
  }
  return [...parts, `MQTT ${versionNames[version]}`, url].join('  ');
}

function trafficWords(settings: TrafficSettings): string[] {
  const { publishers, subscribers, share, qos, subscriberQos, rate, window } = settings;
  const words = [
    `${publishers} → ${subscribers}${share === undefined ? '' : ` sharing as ${share}`}`,
    qos === subscriberQos ? `QoS ${qos}` : `QoS ${qos} → ${subscriberQos}`,
    `${settings.payloadBytes} B`,
  ];
  if (publishers > 0) {
    words.push(rate === undefined ? `window ${window}` : `${formatCount(rate)}/s`);
  }
  if (settings.topicsEach > 1) words.push(`${settings.topicsEach} topics each`);
  if (settings.backgroundFilters > 0) {
    words.push(`among ${formatCount(settings.backgroundFilters)} filters`);
  }
  return words;
}

function rowsOf(report: Report): Row[] {
  switch (report.mode) {
    case 'connect':
      return connectRows(report.result);
    case 'idle':
      return idleRows(report.result);
    default:
      return trafficRows(report.settings, report.result);
  }
}

function trafficRows(settings: TrafficSettings, result: TrafficResult): Row[] {
  const rows: Row[] = [];
  const { publishers, subscribers, qos } = settings;
  const { latency, latencyTo, checked, usage } = result;
  if (publishers > 0) rows.push(['sent', `${formatCount(result.sentRate)}/s`]);
  if (publishers > 0 && qos > 0) {
    rows.push(['acknowledged', `${formatCount(result.acknowledgedRate)}/s`]);
  }
  if (subscribers > 0) {
    const bytes = `${formatBytes(result.receivedBytesRate)}/s`;
    rows.push(['received', `${formatCount(result.receivedRate)}/s, ${bytes}`]);
  }
  if (latency !== null) rows.push([`latency to ${latencyTo}`, latencyText(latency)]);
  const { reordered, refused, foreign, givenUp, closed } = checked;
  const faults = [
    ...(subscribers > 0 ? [`${checked.lost} lost`, `${checked.duplicates} duplicates`] : []),
    ...(subscribers > 0 && reordered !== null ? [`${reordered} out of order`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(givenUp > 0 ? [`${givenUp} given up after a second`] : []),
    ...(foreign > 0 ? [`${foreign} of others`] : []),
    ...(closed > 0 ? [`${closed} connections closed`] : []),
  ];
  if (faults.length > 0) rows.push(['checked', faults.join(', ')]);
  return [...rows, ...usageRows(usage, 'message')];
}

function connectRows(result: ConnectResult): Row[] {
  const { connectRate, latency, failed, failure, usage } = result;
  const rows: Row[] = [['connected', `${formatCount(connectRate)}/s`]];
  if (latency !== null) rows.push(['latency to CONNACK', latencyText(latency)]);
  if (failed > 0) rows.push(['failed', `${formatCount(failed)}, the first: ${failure}`]);
  return [...rows, ...usageRows(usage, 'connection')];
}

function idleRows({ connections, open, connectRate, bytesEach, usage }: IdleResult): Row[] {
  const rows: Row[] = [['connected', `${formatCount(connectRate)}/s, with a subscription each`]];
  rows.push(['open at the end', `${formatCount(open)} of ${formatCount(connections)}`]);
  if (bytesEach !== null) rows.push(['memory', `${formatCount(bytesEach)} B per connection`]);
  return [...rows, ...usageRows(usage, null)];
}

function latencyText(latency: LatencySummary): string {
  const { p50Us, p90Us, p99Us, p999Us, maxUs } = latency;
  const named = { p50: p50Us, p90: p90Us, p99: p99Us, 'p99.9': p999Us, max: maxUs };
  return Object.entries(named)
    .map(([name, us]) => `${name} ${formatDuration(us)}`)
    .join('  ');
}

function usageRows({ loadCores, server }: Usage, each: string | null): Row[] {
  const hint = loadCores >= busyCores ? '; it may be what limits' : '';
  const rows: Row[] = [['load', `${loadCores.toFixed(2)} processors${hint}`]];
  if (server === undefined) return rows;
  const { cores, usEach, rssBytes } = server;
  const cost = each === null ? '' : `, ${Number(usEach.toPrecision(3))} µs per ${each}`;
  return [
    ...rows,
    ['server', `${cores.toFixed(2)} processors${cost}, ${formatBytes(rssBytes)} of memory`],
  ];
}
