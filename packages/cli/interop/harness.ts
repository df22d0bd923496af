/** Runs commands as a shell would, against a server in this process. */
import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Config, defaultConfig, Server } from '@godwit/server';

export const launcher: string = fileURLToPath(new URL('../bin/godwit.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is running. */
export class Running {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome>;
  #stderr: string;

  constructor(file: string, args: readonly string[], environment: Record<string, string> = {}) {
    this.process = spawn(file, args, { env: { ...process.env, ...environment } });
    this.#stderr = '';
    const { stdout, stderr } = this.process;
    assert.ok(stdout !== null && stderr !== null);
    stderr.on('data', chunk => {
      this.#stderr += chunk;
    });
    const exit = once(this.process, 'close') as Promise<[number | null]>;
    // a test may stop reading
    const read = text(stdout).catch(() => '');
    this.outcome = Promise.all([exit, read]).then(([[code], out]) => ({
      code,
      stdout: out,
      stderr: this.#stderr,
    }));
  }

  /** Resolves when standard error has said so. */
  async says(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      const { stderr } = this.process;
      assert.ok(stderr?.readable, `ended, and said only ${JSON.stringify(this.#stderr)}`);
      await Promise.race([once(stderr, 'data'), once(stderr, 'end')]);
    }
  }

  /** Writes all of standard input. */
  input(bytes: string | Uint8Array): this {
    this.process.stdin?.end(bytes);
    return this;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }
}

export function godwit(...args: readonly string[]): Running {
  return new Running(process.execPath, [launcher, ...args]);
}

/** A server on a port of its own, without a log. */
export async function startServer(changes: Partial<Config> = {}): Promise<[Server, port: string]> {
  const [listener] = defaultConfig.listeners;
  const server = await Server.start(
    {
      ...defaultConfig,
      listeners: [{ ...listener, port: 0 }],
      log: { level: 'silent', format: 'json' },
      ...changes,
    },
    process.stderr,
  );
  return [server, new URL(server.urls[0]).port];
}

/** Why tests with this program cannot run, if they cannot; on a CI machine they have to. */
export function lacks(program: string): string | false {
  const isFound = spawnSync(program, ['--help']).error === undefined;
  return isFound || process.env.CI !== undefined ? false : `${program} is not installed`;
}
