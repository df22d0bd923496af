/** Everything there is to measure, gathered when it is asked for, as Prometheus reads it. */
import type { Broker, Metrics, Totals } from '@godwit/broker';
import { brokerMetrics } from './broker-metrics.ts';
import { type MetricInfo, type MetricValues, metricText } from './metric.ts';
import type { ProcessWatch } from './process-watch.ts';

/** What is measured. */
export interface Measured {
  readonly broker: Broker;
  /** What the storage engine counts, by name; null without one. */
  readonly engine: () => Readonly<Record<string, number>> | null;
  readonly process: ProcessWatch;
  readonly version: string;
}

const info = (name: string, type: MetricInfo['type'], help: string): MetricInfo => ({
  name,
  type,
  help,
});

type TotalMetric = readonly [MetricInfo, (totals: Totals) => MetricValues];

const totalMetrics: readonly TotalMetric[] = [
  [
    info('godwit_clients', 'gauge', 'Clients connected, by protocol version.'),
    ({ clients }) =>
      new Map([
        ['{version="3.1"}', clients[3]],
        ['{version="3.1.1"}', clients[4]],
        ['{version="5.0"}', clients[5]],
      ]),
  ],
  [
    info('godwit_sessions_durable', 'gauge', 'Sessions that survive the broker.'),
    ({ sessionsDurable }) => sessionsDurable,
  ],
  [
    info('godwit_queued_messages', 'gauge', 'Messages waiting in sessions.'),
    ({ queuedMessages }) => queuedMessages,
  ],
  [
    info('godwit_queued_bytes', 'gauge', 'Bytes of messages waiting in sessions.'),
    ({ queuedBytes }) => queuedBytes,
  ],
  [
    info('godwit_inflight_messages', 'gauge', 'Messages sent and not acknowledged.'),
    ({ inflightMessages }) => inflightMessages,
  ],
  [
    info('godwit_outbound_bytes', 'gauge', 'Bytes written that clients have not taken.'),
    ({ outboundBytes }) => outboundBytes,
  ],
  [info('godwit_wills', 'gauge', 'Wills that are kept.'), ({ wills }) => wills],
];

/** By the names that `@godwit/storage-local` has for them. */
const engineMetrics: Readonly<Record<string, MetricInfo & { readonly scale?: number }>> = {
  batches: info('godwit_storage_batches_total', 'counter', 'Batches written.'),
  syncs: info('godwit_storage_syncs_total', 'counter', 'Syncs of a log.'),
  syncMsLast: {
    ...info('godwit_storage_sync_last_seconds', 'gauge', 'How long the last sync took.'),
    scale: 1000,
  },
  syncMsMax: {
    ...info('godwit_storage_sync_max_seconds', 'gauge', 'How long the longest sync took.'),
    scale: 1000,
  },
  bytesWritten: info('godwit_storage_written_bytes_total', 'counter', 'Bytes written to the logs.'),
  entries: info('godwit_storage_entries', 'gauge', 'Stored messages that somebody waits for.'),
  entryBytes: info('godwit_storage_entry_bytes', 'gauge', 'Bytes of these messages.'),
  segments: info('godwit_storage_segments', 'gauge', 'Files of the logs.'),
  cleanedBytes: info(
    'godwit_storage_cleaned_bytes_total',
    'counter',
    'Bytes written again so that old files could go.',
  ),
  fullRefusals: info(
    'godwit_storage_full_refusals_total',
    'counter',
    'Writes refused for want of room.',
  ),
  diskReads: info('godwit_storage_reads_total', 'counter', 'Reads of the files after the start.'),
};

const processMetrics: readonly (readonly [MetricInfo, (measured: Measured) => MetricValues])[] = [
  [
    info('godwit_info', 'gauge', 'The version that runs; always 1.'),
    ({ version }) => new Map([[`{version="${version}",node="${process.version}"}`, 1]]),
  ],
  [
    info('godwit_event_loop_delay_seconds', 'histogram', 'How late the event loop is.'),
    measured => measured.process.loopDelay,
  ],
  [
    info('godwit_gc_duration_seconds', 'histogram', 'How long garbage collections take.'),
    measured => measured.process.collections,
  ],
  [
    info('process_cpu_seconds_total', 'counter', 'Processor time used.'),
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  ],
  [
    info('process_resident_memory_bytes', 'gauge', 'Resident memory.'),
    () => process.memoryUsage.rss(),
  ],
  [
    info('nodejs_heap_size_used_bytes', 'gauge', 'JavaScript heap in use.'),
    () => process.memoryUsage().heapUsed,
  ],
  [info('process_uptime_seconds', 'gauge', 'Since the start.'), () => process.uptime()],
];

/** All metrics that there can be, in the order in which they are written. */
export function metricInfos(): readonly MetricInfo[] {
  const all = [
    ...Object.values(brokerMetrics),
    ...totalMetrics.map(([one]) => one),
    ...Object.values(engineMetrics),
    ...processMetrics.map(([one]) => one),
  ];
  return [...new Map(all.map(one => [one.name, one])).values()];
}

/** The text of a scrape. */
export function exposition(measured: Measured): string {
  const totals = measured.broker.inspector.totals();
  const engine = measured.engine() ?? {};
  return [
    brokerText(measured.broker.metrics),
    ...totalMetrics.map(([one, valuesOf]) => metricText(one, valuesOf(totals))),
    ...Object.entries(engineMetrics)
      .filter(([key]) => engine[key] !== undefined)
      .map(([key, one]) => metricText(one, engine[key] / (one.scale ?? 1))),
    ...processMetrics.map(([one, valuesOf]) => metricText(one, valuesOf(measured))),
  ].join('');
}

function brokerText(metrics: Metrics): string {
  const labelled = new Map<string, Map<string, number>>();
  const infos = new Map<string, MetricInfo>();
  for (const [key, one] of Object.entries(brokerMetrics)) {
    const values = labelled.get(one.name) ?? new Map<string, number>();
    values.set(one.label === undefined ? '' : `{${one.label}}`, metrics[key as keyof Metrics]);
    labelled.set(one.name, values);
    infos.set(one.name, one);
  }
  return Array.from(infos, ([name, one]) => metricText(one, labelled.get(name)!)).join('');
}
