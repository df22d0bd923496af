import { equal, match, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LatencyHistogram } from '../measure/latency-histogram.ts';
import { htmlReport } from './html-report.ts';
import { LiveLine } from './live-line.ts';
import { formatBytes, formatCount, formatDuration } from './quantities.ts';
import { metricsOf, type Report } from './report.ts';
import { textReport } from './text-report.ts';

const latency = new LatencyHistogram();
latency.record(1_500);

const report: Report = {
  mode: 'pair',
  settings: {
    server: {
      ...{ url: 'mqtt://<h>:1883', version: 5, keepAliveSeconds: 0, sessionExpirySeconds: 0 },
      ...{ connectTimeoutMs: 1, concurrency: 1 },
    },
    ...{ publishers: 2, subscribers: 2, topic: 't', filter: 't', topics: 1, topicsEach: 1 },
    ...{ qos: 1, subscriberQos: 1, payloadBytes: 64, text: '', window: 10, inflight: 10 },
    ...{ rampMs: 0, warmUpMs: 0, durationMs: 2_000, backgroundFilters: 0 },
  },
  result: {
    ...{ seconds: 2, sent: 20_000, sentRate: 10_000, received: 20_000, receivedRate: 10_000 },
    ...{ receivedBytesRate: 640_000, acknowledged: 20_000, acknowledgedRate: 10_000 },
    ...{ latency: latency.summary(), latencyTo: 'delivery' },
    checked: {
      ...{ expected: 20_005, lost: 5, duplicates: 0, reordered: 1 },
      ...{ refused: 0, foreign: 0, givenUp: 0, closed: 0 },
    },
    usage: { loadCores: 0.95, server: { cores: 0.5, usEach: 50, rssBytes: 9e7 } },
    samples: [1, 2].map(second => ({
      ...{ atMs: second * 1_000, isMeasured: true, sentRate: 10_000, receivedRate: 10_000 },
      ...{ p50Us: 1_500, p99Us: 1_500 },
    })),
  },
};

suite('reports', () => {
  test('as text', () => {
    const text = textReport(report);
    match(text, /^pair {2}2 → 2 {2}QoS 1 {2}64 B {2}window 10 {2}MQTT 5\.0 {2}mqtt:\/\/<h>:1883\n/);
    match(text, /received +10,000\/s, 640 kB\/s\n/);
    match(text, /p50 1\.5 ms .* max 1\.5 ms\n/);
    match(text, /checked +5 lost, 0 duplicates, 1 out of order\n/);
    match(text, /load +0\.95 processors; it may be what limits\n/);
    match(text, /server +0\.50 processors, 50 µs per message, 90 MB of memory\n$/);
  });

  test('as a page that needs nothing else and cannot be broken out of', () => {
    const page = htmlReport(report, 'now');
    equal(page.match(/<svg /g)?.length, 2);
    equal(page.match(/<polyline /g)?.length, 4);
    ok(!page.includes('<h>'));
    ok(!/(src|href)=/.test(page));
    match(page, /"url":"mqtt:\/\/\\u003ch>:1883"/);
  });

  test('as numbers', () => {
    const metrics = metricsOf(report);
    equal(metrics.get('p99'), 1_500);
    equal(metrics.get('lost'), 5);
    equal(metrics.get('cpu'), 50);
    equal(metrics.has('bytes'), false);
  });

  test('as a live line, on terminals only', () => {
    const [sample] = report.mode === 'pair' ? report.result.samples : [];
    const written: string[] = [];
    const write = (text: string): unknown => written.push(text);
    new LiveLine({ write }).show(sample);
    equal(written.length, 0);
    new LiveLine({ isTTY: true, columns: 30, write }).show(sample);
    equal(written[0], '\r\x1b[K1.0 s  sent 10,000/s  receive');
  });

  test('in quantities that people can read', () => {
    equal(formatCount(1_234_567.8), '1,234,568');
    equal(formatCount(0.12345), '0.123');
    equal(formatDuration(812), '812 µs');
    equal(formatDuration(1_234_000), '1.23 s');
    equal(formatBytes(96_500_000), '96.5 MB');
  });
});
