export type { AcceptLog, EntryRef, OfferDone, OrphanEntry, OrphanLog } from './accept-log.ts';
export type { Quota } from './adapter/quota.ts';
export type { Durability, Engine, EngineHealth } from './engine.ts';
export { EngineError, type EngineErrorCode } from './engine-error.ts';
export type { InboxEntry, Inboxes, InboxPage } from './inboxes.ts';
export { MemoryDisk } from './memory/memory-disk.ts';
export { MemoryEngine, type MemoryEngineOptions } from './memory/memory-engine.ts';
export type { MemoryFaults } from './memory/memory-faults.ts';
export { defaultMemoryLimits, type MemoryLimits } from './memory/memory-limits.ts';
export type { NodeRef } from './node-ref.ts';
export type { RetainedEntry, RetainedStore } from './retained-store.ts';
export type {
  ClaimOptions,
  ClaimResult,
  Revision,
  SessionKey,
  SessionRecord,
  SessionRegistry,
} from './session-registry.ts';
export type { DueWill, WillStore } from './will-store.ts';
