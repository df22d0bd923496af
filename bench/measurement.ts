/** One run of the load against one broker, and what several of them come to. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { metricsOf, type Report } from '@godwit/bench';
import { launcher, type RunningBroker } from './brokers.ts';
import { loadCore, pinned } from './pinning.ts';
import { median } from './report.ts';
import type { Scenario } from './scenarios.ts';

/** Numbers of a report by name; medians where there were several. */
export type Measured = Readonly<Record<string, number>>;

export interface Times {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** @throws Error with what the load said when it failed */
export async function measure(
  scenario: Pick<Scenario, 'args'>,
  broker: RunningBroker,
  times: Times,
): Promise<Measured> {
  const measured = await load([...scenario.args, '-V', '311'], broker, times);
  if (measured.received === 0) throw new Error('nothing arrived');
  return measured;
}

/**
 * A run of `godwit bench` on the processor of the load.
 * @throws Error with what it said when it failed
 */
export async function load(
  args: readonly string[],
  { pid, port }: RunningBroker,
  { warmUpSeconds, seconds }: Times,
): Promise<Measured> {
  const [file, ...rest] = pinned(loadCore, [
    ...[process.execPath, launcher, 'bench', ...args],
    ...['-h', '127.0.0.1', '-p', String(port), '--pid', String(pid)],
    ...['--warmup', String(warmUpSeconds), '-d', String(seconds), '--json', '--quiet'],
  ]);
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (out === '') throw new Error(err.trim() || 'the load ended without a word');
  return Object.fromEntries(metricsOf(JSON.parse(out) as Report));
}

/** The median of each number. */
export function medians(rounds: readonly Measured[]): Measured {
  const names = new Set(rounds.flatMap(round => Object.keys(round)));
  return Object.fromEntries(
    [...names].map(name => {
      const values = rounds.map(round => round[name]).filter(value => value !== undefined);
      return [name, median(values)];
    }),
  );
}
