/** Runs cases against a system under test, some at a time, and puts the results together. */
import type { ConnackPacket, ProtocolVersion } from '@godwit/protocol';
import type { Random } from '@godwit/runtime';
import { CaseContext, type CaseEnvironment } from '../case/case-context.ts';
import { type ConformanceCase, idsOf, versionsOf } from '../case/conformance-case.ts';
import { type Capabilities, capabilitiesOf } from '../sut/capability.ts';
import type { Sut } from '../sut/sut.ts';
import type { Target } from '../target/target.ts';
import { type CaseResult, runCase } from './run-case.ts';

export interface RunOptions {
  readonly cases: readonly ConformanceCase[];
  readonly sut: Sut;
  /** Called for each case: a server of its own, or one for all. */
  readonly openTarget: () => Target;
  /** For names that no earlier run has used. */
  readonly random: Random;
  /** Cases at a time, 1 or more; 8 by default. */
  readonly concurrency?: number;
  /** Only cases with a statement whose id begins so. */
  readonly only?: string;
  /** Called when a case is over. */
  readonly onResult?: (result: CaseResult) => void;
}

interface Job {
  readonly one: ConformanceCase;
  readonly version: ProtocolVersion;
}

const concurrencyDefault = 8;

/**
 * Runs each case with each of its versions.
 *
 * @returns the results in the order of the cases
 * @throws Error when not even a plain CONNECT is answered
 */
export async function run(options: RunOptions): Promise<CaseResult[]> {
  const { sut, random } = options;
  const jobs = jobsOf(options);
  const runName = random.uint32().toString(36);
  const capabilities = await probe(options, `${runName}p`);
  const results: CaseResult[] = new Array(jobs.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < jobs.length) {
      const index = next;
      const { one, version } = jobs[index];
      next += 1;
      const target = options.openTarget();
      const uniqueName = `${runName}c${index}`;
      results[index] = await runCase(one, { target, sut, capabilities, version, uniqueName });
      await target.close?.();
      options.onResult?.(results[index]);
    }
  };
  const workers = options.concurrency ?? concurrencyDefault;
  await Promise.all(Array.from({ length: workers }, work));
  return results;
}

function jobsOf({ cases, only = '' }: RunOptions): Job[] {
  return cases.flatMap(one =>
    versionsOf(one)
      .filter(version => idsOf(one, version).some(id => startsWithId(id, only)))
      .map(version => ({ one, version })),
  );
}

/** 'MQTT-3.1' begins MQTT-3.1.0-1 but not MQTT-3.10.1-1. */
function startsWithId(id: string, prefix: string): boolean {
  if (!id.startsWith(prefix)) return false;
  return prefix === '' || !/\d/.test(prefix.at(-1)!) || !/^\d/.test(id.slice(prefix.length));
}

/** Asks a server that speaks 5.0 what it can. */
async function probe(options: RunOptions, uniqueName: string): Promise<Capabilities> {
  const { sut } = options;
  const stated = { 'enhanced-authentication': sut.auth !== undefined, ...sut.capabilities };
  const capabilities = capabilitiesOf(null, stated);
  const version = sut.versions.includes(5) ? 5 : sut.versions[0];
  const target = options.openTarget();
  const environment: CaseEnvironment = { target, sut, capabilities, version, uniqueName };
  const context = new CaseContext(environment);
  try {
    const client = await context.client();
    const connack: ConnackPacket = await client.connect();
    return capabilitiesOf(version === 5 ? connack : null, stated);
  } finally {
    await context.close();
    await target.close?.();
  }
}
