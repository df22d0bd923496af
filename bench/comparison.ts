/** The suite's result: printed as a table, kept as JSON. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Measured, Times } from './measurement.ts';
import { canPin } from './pinning.ts';
import { table } from './report.ts';
import type { Scenario } from './scenarios.ts';

/** What one broker did in one scenario. */
export interface Outcome {
  readonly broker: string;
  readonly rounds: readonly Measured[];
  /** Null: it could not do this, for the reason given. */
  readonly medians: Measured | null;
  readonly failure?: string;
}

export interface Comparison {
  readonly machine: Readonly<Record<string, string | number | boolean>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly times: Times;
  readonly scenarios: { readonly scenario: Scenario; readonly outcomes: readonly Outcome[] }[];
}

const folder = fileURLToPath(new URL('results', import.meta.url));

export function machine(): Comparison['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    processors: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    commit: commit(),
    pinned: canPin,
  };
}

/** @returns the file */
export function save(comparison: Comparison, name: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(comparison, null, 1)}\n`);
  return file;
}

/** A row for each scenario: figure and cost of each broker, and how many times ours. */
export function print({ scenarios, versions }: Comparison): void {
  const names = Object.keys(versions);
  const [ours, ...peers] = names;
  const head = [
    'scenario',
    ...names.flatMap(name => [name, 'cost']),
    ...peers.map(peer => `${peer} ÷ ${ours}`),
  ];
  const rows = scenarios.map(({ scenario, outcomes }) => {
    const of = (name: string): Measured | null =>
      outcomes.find(({ broker }) => broker === name)?.medians ?? null;
    const { figure, cost, title } = scenario;
    return [
      title,
      ...names.flatMap(name => figures(of(name), scenario)),
      ...peers.map(peer => ratio(of(peer)?.[cost], of(ours)?.[cost])),
      figure.unit,
    ];
  });
  table([...head, 'unit'], rows);
  console.log(
    'cost: processor time of the broker per message or connection, or memory per connection; ' +
      `÷: how many times the cost of ${ours}.\n` +
      '* messages were lost; ~ the load was busy too; ? nobody was: the machine did other things.',
  );
}

/** Processors kept busy: from here on one is what limits, below the other something else does. */
const busy = 0.9;
const idle = 0.75;

function figures(measured: Measured | null, { figure, cost }: Scenario): string[] {
  if (measured === null) return ['–', '–'];
  const { lost = 0, load = 0, cores = 0 } = measured;
  const isClosedLoop = figure.metric === 'received' || figure.metric === 'rate';
  const marks = [
    lost > 0 ? '*' : '',
    isClosedLoop && load > busy ? '~' : '',
    isClosedLoop && load < idle && cores < idle ? '?' : '',
  ].join('');
  const value = Math.round(measured[figure.metric] ?? Number.NaN).toLocaleString('en');
  const each = cost === 'cpu' ? `${measured.cpu?.toPrecision(3)} µs` : `${value} B`;
  return [`${marks}${value}`, each];
}

function ratio(theirs: number | undefined, ours: number | undefined): string {
  return theirs === undefined || ours === undefined ? '–' : (theirs / ours).toPrecision(3);
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
