/** Writes `docs/reference/metrics.md`: run as a program it replaces the page. */
import { writeFileSync } from 'node:fs';
import { brokerMetrics } from './broker-metrics.ts';
import { metricInfos } from './exposition.ts';

export const metricsPage: URL = new URL('../../../../docs/reference/metrics.md', import.meta.url);

/** The whole page. */
export function metricsReference(): string {
  const rows = metricInfos().map(({ name, type, help }) => {
    const labels = Object.values(brokerMetrics).filter(one => one.name === name && one.label);
    const reasons = labels.map(({ label }) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${help}${reasons === '' ? '' : ` Labels: ${reasons}.`} |\n`;
  });
  return `# Metrics

<!-- Generated: node --conditions=godwit-source packages/admin/src/metrics/reference.ts -->

What \`GET /metrics\` of the [admin listener](../operate/monitoring.md) has, in the text format of
Prometheus. Those of storage are there only with a data directory.

| Name | Type | Meaning |
|---|---|---|
${rows.join('')}`;
}

if (import.meta.main) writeFileSync(metricsPage, metricsReference());
