/** What a process on this machine has used, as Linux tells in /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** Processor time so far and memory now. */
export interface ProcessUsage {
  readonly cpuUs: number;
  readonly rssBytes: number;
}

/**
 * Reads it. Processor time is exact to nanoseconds where the kernel keeps schedstat.
 *
 * @throws Error when there is no such process, or no /proc
 */
export function processUsage(pid: number): ProcessUsage {
  let cpuNs = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [ns] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ');
      cpuNs += Number(ns);
    } catch {
      // the thread has ended meanwhile
    }
  }
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kilobytes = /^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? '0';
  return { cpuUs: cpuNs / 1000, rssBytes: Number(kilobytes) * 1024 };
}

/** Processor time of this process so far, in microseconds. */
export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
