/** Which keys of the configuration a running server takes over; the others need a restart. */
import { fixedLimits } from '@godwit/broker';

const liveTables = new Set(['listeners', 'sys', 'shutdown']);

/** @param path as `limits.inflightMax`, `listeners.0.port` */
export function isLiveKey(path: string): boolean {
  const [table, key] = path.split('.');
  if (table === 'limits') return !(fixedLimits as readonly string[]).includes(key);
  return liveTables.has(table) || path === 'log.level';
}
