/** Does what docs/start/first-message.md says, command by command, and sees what it shows. */
import { equal, ok } from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Broker } from '@godwit/broker';
import { listenTcp } from '@godwit/transport/node';

const PAGE = new URL('../docs/start/first-message.md', import.meta.url);
const BLOCK = /^```(sh|text)\n(.*?)^```$/gms;

const missing = spawnSync('mosquitto_sub', ['--help']).error !== undefined;
if (missing && process.env.CI) throw new Error('mosquitto_sub is not installed');

/** A reader's terminals: what was started last, and what it has shown. */
class Terminals {
  readonly #port: number;
  readonly #subscribed: () => Promise<void>;
  readonly #running: ChildProcess[] = [];
  #watched: ChildProcess | undefined;
  #shown = '';

  constructor(port: number, subscribed: () => Promise<void>) {
    this.#port = port;
    this.#subscribed = subscribed;
  }

  /** Runs a command: to its end, or, if it has none, until it has subscribed. */
  async type(command: string): Promise<void> {
    if (command === 'npm start') return;
    const program = command.replace(/^mosquitto_\w+/, `exec $& -p ${this.#port}`);
    ok(program !== command, `not a command of Mosquitto's: ${command}`);
    const child = spawn('sh', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const isEndless = /^mosquitto_sub/.test(command) && !/ -[EC]\b/.test(command);
    if (/^mosquitto_sub/.test(command)) {
      this.#shown = '';
      this.#watched = child;
    }
    child.stdout.on('data', chunk => {
      // The page shows one terminal at a time, though the others go on.
      if (child === this.#watched) this.#shown += chunk;
      child.emit('shown');
    });
    if (isEndless) {
      this.#running.push(child);
      await this.#subscribed();
    } else {
      const [code] = await once(child, 'close');
      equal(code, 0, command);
    }
  }

  /** Waits until as much is shown, which may come in pieces, and compares. */
  async expect(text: string): Promise<void> {
    const child = this.#running.at(-1);
    while (this.#shown.length < text.length && child !== undefined) await once(child, 'shown');
    equal(this.#shown, text);
  }

  close(): void {
    for (const child of this.#running) child.kill();
  }
}

suite('docs/start/first-message.md', { skip: missing && 'mosquitto_sub is not installed' }, () => {
  test('its commands show what it says', { timeout: 60_000 }, async () => {
    let subscribed = Promise.withResolvers<void>();
    const broker = new Broker({ hooks: { onSubscribe: () => subscribed.resolve() } });
    const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, stream => {
      broker.accept(stream);
    });
    const terminals = new Terminals(listener.port, () => subscribed.promise);
    try {
      for (const [, kind, content] of readFileSync(PAGE, 'utf8').matchAll(BLOCK)) {
        subscribed = Promise.withResolvers();
        if (kind === 'sh') await terminals.type(content.trim());
        else await terminals.expect(content);
      }
    } finally {
      terminals.close();
      await listener.close();
      await broker.close();
    }
  });
});
