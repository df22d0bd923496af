/**
 * The benchmark suite: Godwit and other brokers, one after the other, round after round, under the
 * same load; and the micro-benchmarks, by name.
 *
 *     npm run bench -- [scenario…] [--against mosquitto,aedes] [--rounds n] [--seconds n]
 *     npm run bench -- durable [--rounds n] [--seconds n] [--against mosquitto,aedes]
 *     npm run bench -- client [rounds] | codec | filter-tree [filters] | storage-local [directory]
 */
import { parseArgs } from 'node:util';
import { type Broker, brokers } from './brokers.ts';
import { type Comparison, machine, type Outcome, print, save } from './comparison.ts';
import { type Measured, measure, medians, type Times } from './measurement.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** Micro-benchmarks: programs of their own beside this one. */
const parts: readonly string[] = ['client', 'codec', 'durable', 'filter-tree', 'storage-local'];

const usage = `Usage: npm run bench -- [scenario…] [options]
       npm run bench -- durable [--rounds n] [--seconds n] [--against mosquitto,aedes]
       npm run bench -- client [rounds] | codec | filter-tree [filters] | storage-local [directory]

Scenarios: ${scenarios.map(({ name }) => name).join(', ')}; all by default

  --against <names>   other brokers: mosquitto, aedes; separated by commas; none by default
  --rounds <n>        times each is measured; the median counts; 3 by default
  --seconds <n>       of measurement in each; 3 by default
  --warmup <n>        seconds before that; 2 by default
  --save <name>       keep the result under this name; else only the latest is kept
`;

function positive(text: string, name: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`--${name} is '${text}'; expected a number above 0`);
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find(one => one.name === name);
  if (found !== undefined) return found;
  throw new Error(`there is no '${name}'; expected ${all.map(one => one.name).join(', ')}`);
}

/** Rounds of one scenario: A B A B, each time with a broker that has just been started. */
async function compare(
  scenario: Scenario,
  contestants: readonly Broker[],
  rounds: number,
  times: Times,
): Promise<Outcome[]> {
  const seen = new Map(contestants.map(({ name }) => [name, [] as Measured[]]));
  const failures = new Map<string, string>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, start } of contestants) {
      if (failures.has(name)) continue;
      process.stderr.write(`${scenario.name}: round ${round} of ${rounds}, ${name}\n`);
      const broker = await start();
      try {
        seen.get(name)?.push(await measure(scenario, broker, times));
      } catch (error) {
        failures.set(name, (error as Error).message);
        process.stderr.write(`${scenario.name}: ${name} fails: ${failures.get(name)}\n`);
      } finally {
        await broker.stop();
      }
    }
  }
  return contestants.map(({ name }) => {
    const measured = seen.get(name) ?? [];
    const failure = failures.get(name);
    const isComplete = failure === undefined && measured.length > 0;
    return {
      broker: name,
      rounds: measured,
      medians: isComplete ? medians(measured) : null,
      ...(failure !== undefined && { failure }),
    };
  });
}

async function runSuite(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      against: { type: 'string', default: '' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      warmup: { type: 'string', default: '2' },
      save: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const wanted = positionals.map(name => named(scenarios, name));
  const peers = values.against.split(',').filter(name => name !== '');
  const contestants = ['godwit', ...peers].map(name => named(brokers, name));
  const rounds = positive(values.rounds, 'rounds');
  const times = {
    warmUpSeconds: positive(values.warmup, 'warmup'),
    seconds: positive(values.seconds, 'seconds'),
  };
  const comparison: Comparison = {
    machine: machine(),
    versions: Object.fromEntries(contestants.map(one => [one.name, one.version()])),
    times,
    scenarios: [],
  };
  for (const scenario of wanted.length > 0 ? wanted : scenarios) {
    const outcomes = await compare(scenario, contestants, rounds, times);
    comparison.scenarios.push({ scenario, outcomes });
  }
  console.log(Object.values(comparison.machine).join(', '));
  console.log(Object.values(comparison.versions).join(', '));
  print(comparison);
  const file = save(comparison, values.save ?? 'latest');
  process.stderr.write(`saved to ${file}\n`);
}

// so that no broker is left behind
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const [name = ''] = process.argv.slice(2);
if (parts.includes(name)) {
  process.argv.splice(2, 1);
  await import(`./${name}.ts`);
} else {
  try {
    await runSuite(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
