export { type AdminOptions, AdminServer } from './admin-server.ts';
export type { AdminSystem, Observer } from './admin-system.ts';
export type { AdminToken, Scope } from './http/access.ts';
