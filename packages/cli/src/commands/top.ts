/** `godwit top`: what a running server does, again and again; a line each where nobody watches. */
import { systemClock } from '@godwit/runtime';
import { Command } from 'commander';
import { integer } from '../arguments/numbers.ts';
import type { CliCommand } from '../cli-command.ts';
import { AdminClient } from '../ctl/admin-client.ts';
import { type Sample, TopView } from '../ctl/top-view.ts';
import { ExitCode } from '../exit-code.ts';
import { onStopSignals } from '../stop-signals.ts';

interface Values {
  readonly url: string;
  readonly tokenFile?: string;
  readonly interval: number;
  readonly count?: number;
}

const secondsMax = 3_600;
const countMax = 1_000_000_000;
/** Cursor to the corner, and nothing below it. */
const clear = '\u001b[H\u001b[J';

export function topCommand(): CliCommand {
  const parser = new Command('godwit top')
    .usage('[options]')
    .description('Shows what a running server does, until SIGINT.')
    .helpOption('--help', 'show this')
    .option('--url <url>', 'admin listener of the server', 'http://127.0.0.1:9090')
    .option('--token-file <file>', 'file that a token for it is in')
    .option('--interval <seconds>', 'between two looks', integer(1, secondsMax), 2)
    .option('--count <times>', 'looks, then it ends', integer(1, countMax));
  return { parser, run: () => top(parser.opts<Values>()) };
}

async function top({ url, tokenFile, interval, count }: Values): Promise<number> {
  const api = await AdminClient.open(url, tokenFile);
  const view = new TopView();
  const stopped = Promise.withResolvers<void>();
  let isOver = false;
  const stop = (): void => {
    isOver = true;
    stopped.resolve();
  };
  const ignoreSignals = onStopSignals(stop, stop);
  try {
    for (let shown = 0; !isOver && shown !== count; ) {
      const { broker, totals } = (await api.call('GET', '/metrics')) as Sample;
      if (view.add({ atMs: systemClock.monotonicMs(), broker, totals })) {
        shown += 1;
        process.stdout.write(
          process.stdout.isTTY ? clear + view.screen(`Godwit at ${url}`) : view.line(),
        );
      }
      if (!isOver && shown !== count) await pause(interval * 1000, stopped.promise);
    }
  } finally {
    ignoreSignals();
  }
  return ExitCode.success;
}

async function pause(ms: number, stopped: Promise<void>): Promise<void> {
  const passed = Promise.withResolvers<void>();
  const timer = systemClock.after(ms, passed.resolve);
  await Promise.race([passed.promise, stopped]);
  timer.cancel();
}
