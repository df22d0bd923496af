export type { AcceptLog, AcceptLogVisitor } from './accept-log.ts';
export type { Durability, Engine, EngineHealth, HealthListener } from './engine.ts';
export { EngineError, type EngineErrorCode } from './engine-error.ts';
export type { Table, TableEntry } from './table.ts';
