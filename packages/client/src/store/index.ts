export type { SessionStore } from '../engine/journal.ts';
export type { StoreChanges, StoreTable } from './store-table.ts';
export { tableStore } from './table-store.ts';
