export { DATA_FORMAT, DataDirectory } from './data-directory.ts';
export type { Disk, DiskFile } from './disk/disk.ts';
export { NodeDisk } from './disk/node-disk.ts';
export { LocalEngine, type LocalEngineOptions } from './local-engine.ts';
export { defaultLocalLimits, type LocalLimits } from './local-limits.ts';
export type { LocalStats } from './local-stats.ts';
export { type Compacted, compactData } from './maintenance/compact-data.ts';
export {
  type DataReport,
  type ItemCount,
  inspectData,
  type LogReport,
  verifyData,
} from './maintenance/inspect-data.ts';
export type { DataProblem, ScannedSegment } from './maintenance/scan-data.ts';
