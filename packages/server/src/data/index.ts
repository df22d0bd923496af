export { ArchiveError } from './archive-lines.ts';
export {
  compactStore,
  DamageError,
  exportStore,
  importStore,
  inspectStore,
  type QueueReport,
  type StoreReport,
  verifyStore,
} from './store.ts';
