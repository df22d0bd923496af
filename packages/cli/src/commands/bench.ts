/** `godwit bench`: loads a server, says how it did, and fails if that is worse than asked for. */
import { writeFile } from 'node:fs/promises';
import {
  htmlReport,
  isMet,
  LiveLine,
  metricsOf,
  type Report,
  type RunContext,
  runConnect,
  runIdle,
  runTraffic,
  type ServerSettings,
  type TrafficMode,
  textReport,
} from '@godwit/bench';
import { systemClock, systemRandom } from '@godwit/runtime';
import {
  type BenchValues,
  benchParser,
  connectSettings,
  idleSettings,
  trafficSettings,
} from '../bench/bench-options.ts';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { onStopSignals } from '../stop-signals.ts';

export function benchCommand(): CliCommand {
  const parser = benchParser();
  return { parser, run: () => bench(parser.args[0], parser.opts<BenchValues>()) };
}

async function bench(mode: string, values: BenchValues): Promise<number> {
  const stop = new AbortController();
  const live = new LiveLine(values.quiet === true ? { write: () => {} } : process.stderr);
  const ignoreSignals = onStopSignals(
    () => stop.abort(new Error('stopped before it began to measure')),
    () => process.exit(ExitCode.failure),
  );
  live.say('connecting');
  let report: Report;
  try {
    report = await run(mode as Report['mode'], values, {
      clock: systemClock,
      random: systemRandom,
      signal: stop.signal,
      onSample: sample => live.show(sample),
    });
  } finally {
    ignoreSignals();
    live.clear();
  }
  process.stdout.write(values.json === true ? `${JSON.stringify(report)}\n` : textReport(report));
  if (values.html !== undefined) {
    const when = new Date(systemClock.wallMs()).toISOString();
    await writeFile(values.html, htmlReport(report, when));
  }
  return judge(report, values);
}

async function run(
  mode: Report['mode'],
  values: BenchValues,
  context: RunContext,
): Promise<Report> {
  if (mode === 'connect') {
    const settings = connectSettings(values);
    const result = await runConnect(settings, context);
    return { mode, settings: withoutSecrets(settings), result };
  }
  if (mode === 'idle') {
    const settings = idleSettings(values);
    const result = await runIdle(settings, context);
    return { mode, settings: withoutSecrets(settings), result };
  }
  const settings = trafficSettings(mode satisfies TrafficMode, values);
  const result = await runTraffic(settings, context);
  return { mode, settings: withoutSecrets(settings), result };
}

/** Reports are passed around. */
function withoutSecrets<S extends { readonly server: ServerSettings }>(settings: S): S {
  const { password, tls, proxy, ...server } = settings.server;
  return { ...settings, server };
}

function judge(report: Report, { failIf }: BenchValues): number {
  const metrics = metricsOf(report);
  const met = failIf.filter(threshold => isMet(threshold, metrics));
  for (const { text, metric } of met) {
    const value = Number(metrics.get(metric)?.toPrecision(4));
    process.stderr.write(`godwit bench: ${text}: ${metric} is ${value}\n`);
  }
  return met.length > 0 ? ExitCode.conditionMet : ExitCode.success;
}
