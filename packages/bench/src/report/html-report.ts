/** A report as one HTML page that needs nothing else: the text, and charts over time. */
import type { Sample } from '../measure/sample.ts';
import { formatCount, formatDuration } from './quantities.ts';
import type { Report } from './report.ts';
import { type ChartLine, escapeHtml, svgChart } from './svg-chart.ts';
import { textReport, titleOf } from './text-report.ts';

const style = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 760px; margin: 2em auto; padding: 0 1em;
  color: #222; background: #fff; }
pre { background: #f4f4f4; padding: 1em; overflow-x: auto; }
svg { width: 100%; height: auto; font-size: 11px; margin-top: 1em; fill: #555; }
.title { font-weight: 600; font-size: 13px; fill: #222; }
.end { text-anchor: end; }
.grid line { stroke: #ddd; }
.lines polyline { fill: none; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #181818; } pre { background: #262626; }
  svg { fill: #aaa; } .title { fill: #ddd; } .grid line { stroke: #3a3a3a; }
}
`;

/** @param when the run ended, as people write it */
export function htmlReport(report: Report, when: string): string {
  const title = `godwit bench: ${titleOf(report)}`;
  const samples = report.mode === 'idle' ? [] : report.result.samples;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<h1>godwit bench</h1>
<p>${escapeHtml(when)}</p>
<pre>${escapeHtml(textReport(report))}</pre>
${samples.length > 1 ? charts(report, samples) : ''}
<script type="application/json" id="report">${inScript(JSON.stringify(report))}</script>
</html>
`;
}

function charts(report: Report, samples: readonly Sample[]): string {
  const times = samples.map(({ atMs }) => atMs / 1000);
  const line = (name: string, color: string, of: (sample: Sample) => number): ChartLine => ({
    name,
    color,
    values: samples.map(of),
  });
  const isConnect = report.mode === 'connect';
  const throughput = svgChart({
    title: isConnect ? 'Connections per second' : 'Messages per second',
    times,
    lines: isConnect
      ? [line('connected', '#0a7', ({ receivedRate }) => receivedRate)]
      : [
          line('sent', '#06c', ({ sentRate }) => sentRate),
          line('received', '#0a7', ({ receivedRate }) => receivedRate),
        ],
    format: formatCount,
  });
  const latency = svgChart({
    title: 'Latency',
    times,
    lines: [line('p50', '#06c', one => one.p50Us), line('p99', '#c40', one => one.p99Us)],
    format: formatDuration,
  });
  return `${throughput}\n${latency}`;
}

/** JSON that cannot end the element it stands in. */
function inScript(json: string): string {
  return json.replaceAll('<', '\\u003c');
}
