/**
 * `godwit probe`: whether a server lets clients in, for health checks of containers and proxies.
 * They know the exit codes 0 and 1 only, so it has no others.
 */
import { ErrorCode, MqttError } from '@godwit/client';
import { connect } from '@godwit/client/node';
import { type Clock, systemClock } from '@godwit/runtime';
import { Command } from 'commander';
import { secondsToMs } from '../arguments/numbers.ts';
import { addServerOptions, type ServerValues, serverAddress } from '../arguments/server-options.ts';
import { readUrl, type ServerUrl } from '../arguments/server-url.ts';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { failureOf } from '../failure.ts';
import { UsageError } from '../usage-error.ts';

interface Values extends ServerValues {
  readonly timeout: number;
  readonly refusedOk?: boolean;
  readonly quiet?: boolean;
}

export function probeCommand(): CliCommand {
  const parser = addServerOptions(
    new Command('godwit probe')
      .usage('[url] [options]')
      .description(
        'Connects, and says how long that took. Exit code 0: the server has let us in; 1: it has not.',
      )
      .argument('[url]', 'the server, as -L', readUrl)
      .option('--timeout <seconds>', 'wait so long for it', secondsToMs, 5_000)
      .option('--refused-ok', 'to be refused for who we are is fine: for checks without a password')
      .option('--quiet', 'print nothing, whatever happens'),
    'localhost',
  );
  return {
    parser,
    run: () => {
      const [url] = parser.processedArgs as [ServerUrl | undefined];
      return probe(url, parser.opts<Values>(), systemClock);
    },
  };
}

async function probe(
  argument: ServerUrl | undefined,
  values: Values,
  clock: Clock,
): Promise<number> {
  if (argument !== undefined && values.url !== undefined) {
    throw new UsageError('the server is given twice: leave out -L');
  }
  const { url, tls, proxy, username, password } = serverAddress({
    ...values,
    url: argument ?? values.url,
  });
  const say = (stream: NodeJS.WriteStream, text: string): void => {
    if (values.quiet !== true) stream.write(`${text}\n`);
  };
  const startMs = clock.monotonicMs();
  const took = (): string => `in ${Math.ceil(clock.monotonicMs() - startMs)} ms`;
  try {
    const client = await connect(url, {
      credentials: { username, password },
      tls,
      proxy,
      reconnect: false,
      connectTimeoutMs: values.timeout,
    });
    say(process.stdout, `${url} let us in ${took()}`);
    await client.close();
    return ExitCode.success;
  } catch (error) {
    const { message } = failureOf(error);
    if (values.refusedOk === true && isAboutUs(error)) {
      say(process.stdout, `${url} answered ${took()}: ${message}`);
      return ExitCode.success;
    }
    say(process.stderr, `godwit probe: ${message}`);
    return ExitCode.failure;
  }
}

/** Refused, and not because the server is busy, or on its way out: that passes. */
function isAboutUs(error: unknown): boolean {
  return error instanceof MqttError && error.code === ErrorCode.connectRefused && !error.retryable;
}
