import { deepEqual } from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { suite, test } from 'node:test';
import type { Message } from '@godwit/client';
import { Printer, type PrinterOptions } from './sub-printer.ts';

const message = (topic: string, retain = false): Message => ({ topic, retain }) as Message;

async function run(options: Omit<PrinterOptions, 'print'>, messages: readonly Message[]) {
  const output = new PassThrough();
  const print = ({ topic }: Message): Uint8Array => Buffer.from(`${topic} `);
  const printer = new Printer(output, { print, ...options }, () => {});
  const ends: boolean[] = [];
  for (const one of messages) ends.push(await printer.take(one));
  return { text: String(output.read() ?? ''), ends };
}

suite('Printer', () => {
  test('ends with the last message that is wanted, and prints no more', async () => {
    const { text, ends } = await run({ count: 2 }, [message('a'), message('b'), message('c')]);
    deepEqual([text, ends], ['a b ', [false, true, true]]);
  });

  test('leaves out filters and retained messages without counting them', async () => {
    const options = { count: 1, filterOut: ['x/#', '+'], skipRetained: true };
    const messages = [message('x/y'), message('a'), message('b/c', true), message('b/c')];
    const { text, ends } = await run(options, messages);
    deepEqual([text, ends], ['b/c ', [false, false, false, true]]);
  });

  test('ends at the first message that is not retained', async () => {
    const { text, ends } = await run({ retainedOnly: true }, [message('a', true), message('b')]);
    deepEqual([text, ends], ['a ', [false, true]]);
  });

  test('waits for an output that is slow, and says when it is gone', async () => {
    const pending: (() => void)[] = [];
    const output = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => pending.push(() => done()),
    });
    let isGone = false;
    const options = { print: () => Buffer.from('xx') };
    const printer = new Printer(output, options, () => {
      isGone = true;
    });
    let isTaken = false;
    const taking = printer.take(message('a')).then(() => {
      isTaken = true;
    });
    await Promise.resolve();
    deepEqual(isTaken, false);
    pending[0]();
    await taking;
    output.destroy(new Error('EPIPE'));
    await new Promise(resolve => output.once('close', resolve));
    deepEqual([isGone, await printer.take(message('b'))], [true, true]);
  });
});
