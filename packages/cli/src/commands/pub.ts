/** `godwit pub`: publishes one message, or one for each line of standard input. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import type { Client, PublishInit } from '@godwit/client';
import { connect } from '@godwit/client/node';
import type { QoS } from '@godwit/protocol';
import { type Clock, systemClock } from '@godwit/runtime';
import { Command } from 'commander';
import {
  addConnectionOptions,
  type ConnectionValues,
  connecting,
} from '../arguments/connection-options.ts';
import { integer, qos, secondsToMs } from '../arguments/numbers.ts';
import type { CliCommand } from '../cli-command.ts';
import { debugTo } from '../debug.ts';
import { ExitCode } from '../exit-code.ts';
import { linesOf } from '../lines.ts';
import { UsageError } from '../usage-error.ts';

interface Values extends ConnectionValues {
  readonly topic?: string;
  readonly message?: string;
  readonly file?: string;
  readonly stdinLine?: boolean;
  readonly stdinFile?: boolean;
  readonly nullMessage?: boolean;
  readonly qos: QoS;
  readonly retain?: boolean;
  readonly repeat: number;
  readonly repeatDelay: number;
}

/** Lines published and not yet acknowledged. */
const linesInflightMax = 1_000;
const repeatMax = 1_000_000_000;

export function pubCommand(): CliCommand {
  const parser = addConnectionOptions(
    new Command('godwit pub')
      .usage('-t <topic> (-m <text> | -f <file> | -l | -s | -n) [options]')
      .description('Publishes messages.')
      .option('-t, --topic <topic>', 'topic to publish to')
      .option('-m, --message <text>', 'the payload')
      .option('-f, --file <file>', 'the payload is in this file')
      .option('-l, --stdin-line', 'each line of standard input is a message')
      .option('-s, --stdin-file', 'all of standard input is the payload')
      .option('-n, --null-message', 'an empty payload')
      .option('-q, --qos <qos>', '0, 1 or 2', qos, 0)
      .option('-r, --retain', 'the server keeps the message for later subscribers')
      .option('--repeat <count>', 'publish it so many times', integer(1, repeatMax), 1)
      .option('--repeat-delay <seconds>', 'wait between two times', secondsToMs, 0),
  );
  return { parser, run: () => publish(parser.opts<Values>(), systemClock) };
}

async function publish(values: Values, clock: Clock): Promise<number> {
  const { url, options, closing } = connecting(values);
  const topic = values.topic ?? values.url?.topic;
  if (topic === undefined) throw new UsageError('no topic; expected -t, or one in -L');
  const { qos, retain } = values;
  const init: PublishInit = { qos, retain, ...values.property?.publish };
  const payload = await payloadOf(values);
  const debug = debugTo(values.debug === true ? process.stderr : undefined);
  const client = await connect(url, options);
  debug.connected(client);
  try {
    const send = async (bytes: Uint8Array): Promise<void> => {
      debug.published(topic, bytes, await client.publish(topic, bytes, init));
    };
    if (payload === undefined) await publishLines(process.stdin, client, send);
    else await publishRepeatedly(values, clock, () => send(payload));
    await client.close({ drain: true, ...closing });
  } finally {
    await client.close();
  }
  return ExitCode.success;
}

/** The payload; undefined when each line of standard input is one. */
async function payloadOf(values: Values): Promise<Uint8Array | undefined> {
  const { message, file, stdinLine = false, stdinFile = false, nullMessage = false } = values;
  const given = [message !== undefined, file !== undefined, stdinLine, stdinFile, nullMessage];
  if (given.filter(Boolean).length !== 1) {
    throw new UsageError('no message; expected one of -m, -f, -l, -s and -n');
  }
  if (message !== undefined) return Buffer.from(message);
  if (file !== undefined) return fileContent(file);
  if (stdinFile) return buffer(process.stdin);
  return nullMessage ? new Uint8Array(0) : undefined;
}

async function fileContent(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

async function publishRepeatedly(
  { repeat, repeatDelay }: Values,
  clock: Clock,
  send: () => Promise<void>,
): Promise<void> {
  for (let count = 1; count <= repeat; count++) {
    await send();
    if (count < repeat && repeatDelay > 0) {
      await new Promise<void>(resolve => clock.after(repeatDelay, resolve));
    }
  }
}

/** Publishes as fast as the server acknowledges; ends with the input, or the connection. */
async function publishLines(
  input: NodeJS.ReadStream,
  client: Client,
  send: (line: Uint8Array) => Promise<void>,
): Promise<void> {
  const sending = new Set<Promise<void>>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  void client.closed.then(error => {
    if (error === undefined) return;
    failed.reject(error);
    // nobody may ever type the line that would let the loop below see it
    input.destroy(error);
  });
  try {
    for await (const line of linesOf(input)) {
      const sent = send(line).finally(() => sending.delete(sent));
      sending.add(sent);
      sent.catch(failed.reject);
      if (sending.size >= linesInflightMax) await Promise.race([...sending, failed.promise]);
    }
    await Promise.race([Promise.all(sending), failed.promise]);
  } finally {
    input.destroy();
  }
}
