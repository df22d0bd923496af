export { DataDirectory } from './data-directory.ts';
export type { Disk, DiskFile } from './disk/disk.ts';
export { NodeDisk } from './disk/node-disk.ts';
export { LocalEngine, type LocalEngineOptions } from './local-engine.ts';
export { defaultLocalLimits, type LocalLimits } from './local-limits.ts';
