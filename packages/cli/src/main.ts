/**
 * The command `godwit`: finds the subcommand and runs it. Each subcommand is loaded only when it is
 * asked for, so that none waits for what another one needs.
 */
import { readFileSync } from 'node:fs';
import type { CliCommand } from './cli-command.ts';
import { ExitCode } from './exit-code.ts';

interface Entry {
  readonly summary: string;
  load(): Promise<CliCommand>;
}

const commands: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'run a broker',
    load: async () => (await import('./commands/serve.ts')).serveCommand(),
  },
  config: {
    summary: 'check a configuration, print it, compare it',
    load: async () => (await import('./commands/config.ts')).configCommand(),
  },
  ctl: {
    summary: 'look into a running server, and act on it',
    load: async () => (await import('./commands/ctl.ts')).ctlCommand(),
  },
  top: {
    summary: 'watch what a running server does',
    load: async () => (await import('./commands/top.ts')).topCommand(),
  },
  pub: {
    summary: 'publish messages',
    load: async () => (await import('./commands/pub.ts')).pubCommand(),
  },
  sub: {
    summary: 'subscribe, and print what arrives',
    load: async () => (await import('./commands/sub.ts')).subCommand(),
  },
  bench: {
    summary: 'load a server, and measure it',
    load: async () => (await import('./commands/bench.ts')).benchCommand(),
  },
  probe: {
    summary: 'ask a server whether it lets clients in',
    load: async () => (await import('./commands/probe.ts')).probeCommand(),
  },
  passwd: {
    summary: 'edit a file of users and passwords',
    load: async () => (await import('./commands/passwd.ts')).passwdCommand(),
  },
  explain: {
    summary: 'say what a client may do, and which rule says so',
    load: async () => (await import('./commands/explain.ts')).explainCommand(),
  },
  store: {
    summary: 'inspect, verify, compact, export or import the data of a stopped broker',
    load: async () => (await import('./commands/store.ts')).storeCommand(),
  },
  migrate: {
    summary: 'take over the data and the configuration of another broker',
    load: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  },
};

/**
 * Runs the command line.
 *
 * @param args without the names of the program
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name = '--help', ...rest] = args;
  if (name === '--version') {
    process.stdout.write(`godwit ${version()}\n`);
    return ExitCode.success;
  }
  if (name === '--help') {
    process.stdout.write(help());
    return ExitCode.success;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    const names = Object.keys(commands).join(', ');
    process.stderr.write(`godwit: there is no command '${name}'; expected ${names} or --help\n`);
    return ExitCode.failure;
  }
  const [{ runCommand }, command] = await Promise.all([import('./run-command.ts'), entry.load()]);
  return runCommand(command, rest);
}

/** The version of this package. */
export function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return JSON.parse(manifest).version;
}

function help(): string {
  const rows = Object.entries(commands).map(
    ([name, { summary }]) => `  ${name.padEnd(8)}${summary}`,
  );
  return `Godwit: an MQTT broker and its tools

Usage: godwit <command> [options]

${rows.join('\n')}

  godwit <command> --help   lists the options of a command
  godwit --version          prints the version
`;
}
