/** The command `godwit-conformance`: reads its arguments, runs, reports, and says how it ended. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { systemRandom } from '@godwit/runtime';
import { cases } from './cases/index.ts';
import { countsLine, failureText, reportJson, resultLine, summaryTable } from './runner/report.ts';
import { run } from './runner/run.ts';
import type { CaseResult } from './runner/run-case.ts';
import { staleDeviations } from './runner/summary.ts';
import { parseSut, type Sut, unknownSut } from './sut/sut.ts';
import { type TargetTls, urlTarget } from './target/url-target.ts';

const usage = `Usage: godwit-conformance [ADDRESS] [options]

Tests a broker against the normative statements of MQTT 5.0 and 3.1.1, and says which it keeps.
Give it one that nobody depends on: it sends packets that no well-behaved client sends.

ADDRESS is mqtt://host:port, mqtts://host:port, ws://host:port/path or wss://host:port/path.

  --ca FILE           certificates that may have signed the broker's (PEM)
  --insecure          takes any certificate of the broker's
  --sut FILE          what is known about the broker (TOML); may also hold its address
  --only MQTT-3.3     only cases about statements whose id begins so
  --json FILE         write the results there
  --concurrency N     cases at a time, 1 to 64; 8 if not given
  --quiet             only failures and the summary
  --help              this text

Example: godwit-conformance mqtt://127.0.0.1:1883 --sut broker.toml --json results.json

Exit code: 0 nothing failed, 1 something failed, 2 it could not run.
`;

/** Thrown for arguments that make no sense. */
class UsageError extends Error {}

/**
 * @param args what follows the command's name
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    const sut = values.sut === undefined ? unknownSut : readSut(values.sut);
    const url = positionals[0] ?? sut.url;
    if (url === undefined) throw new UsageError('no address: give mqtt://host:port, or --sut');
    const target = urlTarget(url, tlsOf(values));
    const results = await run({
      cases,
      sut,
      random: systemRandom,
      openTarget: () => target,
      concurrency: concurrencyOf(values.concurrency),
      only: values.only,
      onResult: values.quiet ? undefined : result => print(resultLine(result)),
    });
    report(sut, results, values.json);
    return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${message}\n${error instanceof UsageError ? `\n${usage}` : ''}`);
    return 2;
  }
}

interface Arguments {
  readonly values: {
    readonly ca?: string;
    readonly insecure?: boolean;
    readonly sut?: string;
    readonly only?: string;
    readonly json?: string;
    readonly concurrency?: string;
    readonly quiet?: boolean;
    readonly help?: boolean;
  };
  readonly positionals: readonly string[];
}

function parse(args: readonly string[]): Arguments {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ca: { type: 'string' },
        insecure: { type: 'boolean' },
        sut: { type: 'string' },
        only: { type: 'string' },
        json: { type: 'string' },
        concurrency: { type: 'string' },
        quiet: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readSut(path: string): Sut {
  try {
    return parseSut(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function tlsOf({ ca, insecure }: Arguments['values']): TargetTls {
  return {
    rejectUnauthorized: insecure !== true,
    ...(ca !== undefined && { ca: readFileSync(ca, 'utf8') }),
  };
}

function concurrencyOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count;
  throw new UsageError(`--concurrency is '${text}', expected 1 to 64`);
}

function report(sut: Sut, results: readonly CaseResult[], jsonPath: string | undefined): void {
  const failures = results.filter(({ outcome }) => outcome === 'failed');
  for (const failure of failures) print(`\n${failureText(failure)}`);
  print(`\n${summaryTable(results)}\n\n${countsLine(results)}`);
  for (const line of staleDeviations(sut, results)) print(line);
  if (jsonPath !== undefined) writeFileSync(jsonPath, reportJson(sut, results));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
