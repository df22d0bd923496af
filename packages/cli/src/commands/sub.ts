/** `godwit sub`: subscribes, and prints what arrives. */
import type { Client, Message } from '@godwit/client';
import { createClient } from '@godwit/client/node';
import { type QoS, reasonCodeName } from '@godwit/protocol';
import { type Clock, systemClock } from '@godwit/runtime';
import { Command, Option } from 'commander';
import { append } from '../arguments/append.ts';
import {
  addConnectionOptions,
  type ConnectionValues,
  connecting,
} from '../arguments/connection-options.ts';
import { integer, qos, secondsToMs } from '../arguments/numbers.ts';
import type { CliCommand } from '../cli-command.ts';
import { debugTo } from '../debug.ts';
import { ExitCode } from '../exit-code.ts';
import { formatterOf, type OutputValues } from '../format/formatter.ts';
import { onStopSignals } from '../stop-signals.ts';
import { UsageError } from '../usage-error.ts';
import { Printer } from './sub-printer.ts';

interface Values extends ConnectionValues, OutputValues {
  readonly topic?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly filterOut?: readonly string[];
  readonly qos: QoS;
  readonly count?: number;
  readonly timeout?: number;
  readonly exitSubscribed?: boolean;
  readonly skipRetained?: boolean;
  readonly retainedOnly?: boolean;
  readonly retainAsPublished?: boolean;
  readonly quiet?: boolean;
}

const countMax = 2 ** 53 - 1;

export function subCommand(): CliCommand {
  const parser = addConnectionOptions(
    new Command('godwit sub')
      .usage('-t <filter> [options]')
      .description('Subscribes, and prints what arrives.')
      .option('-t, --topic <filter>', 'what to subscribe to; repeatable', append)
      .option('-U, --unsubscribe <filter>', 'what to unsubscribe from; repeatable', append)
      .option('-T, --filter-out <filter>', 'what not to print; repeatable', append)
      .option('-q, --qos <qos>', 'highest QoS: 0, 1 or 2', qos, 0)
      .option('-C, --count <count>', 'end after so many messages', integer(1, countMax))
      .option('-W, --timeout <seconds>', 'end with code 27 after this time', secondsToMs)
      .option('-E, --exit-subscribed', 'end when the server has answered')
      .option('-R, --skip-retained', 'leave out retained messages')
      .option('--retained-only', 'end at the first message that is not retained')
      .option('--retain-as-published', 'keep the retain flag as it was published')
      .option('-v, --verbose', 'print the topic before the payload')
      .option('-F, --format <format>', "print in this format, as '%I %t %p'")
      .addOption(new Option('-o, --output <form>', 'one object a line').choices(['json']))
      .option('--pretty', 'JSON over several lines')
      .option('-N, --omit-newline', 'no end of line after a message'),
  );
  return { parser, run: () => subscribe(parser.opts<Values>(), systemClock) };
}

async function subscribe(values: Values, clock: Clock): Promise<number> {
  const { url, options, closing } = connecting(values);
  const urlTopic = values.url?.topic;
  const filters = values.topic ?? (urlTopic === undefined ? [] : [urlTopic]);
  const { unsubscribe = [], timeout } = values;
  if (filters.length + unsubscribe.length === 0) {
    throw new UsageError('no topic; expected -t or -U, or a topic in -L');
  }
  const print = formatterOf(values, clock);
  const client = createClient(url, options);
  let exitCode: number | undefined;
  const end = (code: number): void => {
    exitCode ??= code;
    void client.close(closing);
  };
  const ignoreSignals = onStopSignals(
    () => end(ExitCode.success),
    () => process.exit(ExitCode.failure),
  );
  const printer = new Printer(process.stdout, { ...values, print }, () => end(ExitCode.success));
  let timer: ReturnType<Clock['after']> | undefined;
  client.on('up', () => {
    if (timeout !== undefined) timer = clock.after(timeout, () => end(ExitCode.timedOut));
  });
  try {
    await receive(client, filters, unsubscribe, values, printer);
  } catch (error) {
    if (exitCode === undefined) throw error;
  } finally {
    timer?.cancel();
    await client.close(closing);
    ignoreSignals();
  }
  return exitCode ?? ExitCode.success;
}

/** Resolves when enough has come, or the client was closed. */
async function receive(
  client: Client,
  filters: readonly string[],
  unsubscribe: readonly string[],
  values: Values,
  printer: Printer,
): Promise<void> {
  const debug = debugTo(values.debug === true ? process.stderr : undefined);
  // what earlier subscriptions of the session still bring
  const enough = Promise.withResolvers<undefined>();
  client.on('unhandled', message => {
    const settle = (isLast: boolean): void => {
      if (isLast) enough.resolve(undefined);
    };
    printer.take(message).then(settle, enough.reject);
  });
  const { qos, retainAsPublished } = values;
  const userProperties = values.property?.subscribe.userProperties;
  const subscription =
    filters.length === 0
      ? undefined
      : await client.subscribe(filters, { qos, retainAsPublished, userProperties });
  if (unsubscribe.length > 0) await client.unsubscribe(unsubscribe);
  debug.connected(client);
  for (const [filter, code] of subscription?.refused ?? []) {
    const message = `godwit sub: the server refused ${filter}: ${reasonCodeName(code)}\n`;
    if (values.quiet !== true) process.stderr.write(message);
  }
  if (subscription !== undefined) debug.subscribed(subscription);
  if (values.exitSubscribed === true) return;
  const printing = subscription === undefined ? client.closed : printAll(subscription, printer);
  const failure = await Promise.race([printing, enough.promise]);
  if (failure !== undefined) throw failure;
}

async function printAll(messages: AsyncIterable<Message>, printer: Printer): Promise<undefined> {
  for await (const message of messages) {
    const isLast = await printer.take(message);
    message.ack();
    if (isLast) return;
  }
}
