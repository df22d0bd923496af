export {
  type ConnectResult,
  type ConnectSettings,
  runConnect,
} from './engine/connect-run.ts';
export { type IdleResult, type IdleSettings, runIdle } from './engine/idle-run.ts';
export type { RunContext } from './engine/run-context.ts';
export type { ServerSettings } from './engine/server-settings.ts';
export { runTraffic } from './engine/traffic.ts';
export type { TrafficResult } from './engine/traffic-result.ts';
export type { TrafficSettings } from './engine/traffic-settings.ts';
export { htmlReport } from './report/html-report.ts';
export { LiveLine, type LiveStream } from './report/live-line.ts';
export { metricsOf, type Report, type TrafficMode } from './report/report.ts';
export { textReport } from './report/text-report.ts';
export { isMet, metricNames, parseThreshold, type Threshold } from './report/threshold.ts';
export { headerBytes } from './wire/payload-header.ts';
export { filterOfPattern } from './wire/topic-pattern.ts';
