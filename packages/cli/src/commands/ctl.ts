/** `godwit ctl`: looks into a running server and acts on it, by its HTTP API. */
import { Command } from 'commander';
import type { CliCommand } from '../cli-command.ts';
import { AdminClient, type Query } from '../ctl/admin-client.ts';
import { type Row, table } from '../ctl/table.ts';
import { ExitCode } from '../exit-code.ts';

interface Values extends Query {
  readonly url: string;
  readonly tokenFile?: string;
  readonly json?: string;
}

type Run = (api: AdminClient, given: readonly string[], values: Values) => Promise<void>;

const defaultUrl = 'http://127.0.0.1:9090';
const clientColumns = [
  'clientId',
  'isConnected',
  'address',
  'username',
  'subscriptions',
  'queuedMessages',
  'inflightMessages',
];

export function ctlCommand(): CliCommand {
  const parser = new Command('godwit ctl')
    .description('Looks into a running server, and acts on it.')
    .helpOption('--help', 'show this')
    .helpCommand(false);
  let chosen = async (): Promise<void> => parser.help();
  const add = (usage: string, description: string, run: Run): Command =>
    parser
      .command(usage)
      .description(description)
      .helpOption('--help', 'show this')
      .option('--url <url>', 'admin listener of the server', defaultUrl)
      .option('--token-file <file>', 'file that a token for it is in')
      .option('--json', 'print what the server answers')
      .action((...given: unknown[]) => {
        const values = given.at(-2) as Values;
        chosen = async () => {
          const api = await AdminClient.open(values.url, values.tokenFile);
          await run(api, given.slice(0, -2) as string[], values);
        };
      });
  addLooking(add);
  addActing(add);
  return {
    parser,
    async run() {
      await chosen();
      return ExitCode.success;
    },
  };
}

type Add = (usage: string, description: string, run: Run) => Command;

function addLooking(add: Add): void {
  add('status', 'How the server is.', async api => print(await api.call('GET', '/status')));
  add('config', 'What it runs on, without secrets.', async api =>
    print(await api.call('GET', '/config')),
  );
  add('metrics', 'What it counts.', async api => print(await api.call('GET', '/metrics')));
  withPages(add('clients', 'Sessions, connected or not.', listClients))
    .option('--search <text>', 'part of the client identifier')
    .option('--username <name>')
    .option('--address <address>')
    .option('--connected <bool>', 'true or false');
  add('client <clientId>', 'One session.', async (api, [id]) =>
    print(await api.call('GET', clientPath(id))),
  );
  for (const [name, columns] of [
    ['queue', ['topic', 'qos', 'payloadBytes', 'expiresAtMs']],
    ['inflight', ['packetId', 'state']],
    ['subscriptions', ['filter', 'qos', 'noLocal', 'retainAsPublished', 'identifier']],
  ] as const) {
    const run: Run = (api, [id], values) => list(api, `${clientPath(id)}/${name}`, columns, values);
    add(`${name} <clientId>`, `The ${name} of a session.`, run).option('--limit <count>');
  }
  withPages(
    add('retained [filter]', 'Retained messages.', (api, [filter], values) =>
      list(api, '/retained', ['topic', 'qos', 'payloadBytes'], { ...values, filter }),
    ),
  );
  add('events', 'What clients do, as it happens, a line each.', async api => {
    for await (const event of api.events('/events', {})) line(event);
  });
  add('trace', 'Packets of clients, or of a topic, a line each.', async (api, _, values) => {
    for await (const event of api.events('/trace', asked(values))) line(event);
  })
    .option('--client-id <id>')
    .option('--username <name>')
    .option('--address <address>')
    .option('--topic <filter>')
    .option('--packets <count>')
    .option('--seconds <count>');
}

function addActing(add: Add): void {
  add('kick <clientId>', 'Disconnects a client; its session stays.', async (api, [id]) => {
    await api.call('DELETE', `${clientPath(id)}/connection`);
  });
  add('end <clientId>', 'Ends a session, and all that waits in it.', async (api, [id]) => {
    await api.call('DELETE', clientPath(id));
  });
  add('unretain <topic>', 'Removes a retained message.', async (api, [topic]) => {
    await api.call('DELETE', '/retained/message', { topic });
  });
  add('publish <topic> <payload>', 'Publishes a text.', async (api, [topic, payload], values) => {
    const { qos = '0', retain } = values;
    const message = { topic, payload, qos: Number(qos), retain: retain !== undefined };
    await api.call('POST', '/messages', {}, message);
  })
    .option('--qos <qos>')
    .option('--retain');
}

function withPages(command: Command): Command {
  return command
    .option('--limit <count>', 'items at most; 100 by default')
    .option('--offset <count>', 'items to pass over');
}

function clientPath(clientId: string): string {
  return `/clients/${encodeURIComponent(clientId)}`;
}

/** What goes to the server. */
function asked({ url: _, tokenFile: _file, json: _json, ...query }: Values): Query {
  return query;
}

async function listClients(api: AdminClient, _: readonly string[], values: Values): Promise<void> {
  const answer = (await api.call('GET', '/clients', asked(values))) as Page;
  const rows = answer.items.map(({ connection, ...row }) => {
    const { remoteAddress, username } = (connection ?? {}) as Row;
    return { ...row, address: remoteAddress, username };
  });
  show(answer, rows, clientColumns, values);
}

interface Page {
  readonly items: readonly Row[];
  readonly next?: number | null;
}

async function list(
  api: AdminClient,
  path: string,
  columns: readonly string[],
  values: Values,
): Promise<void> {
  const answer = (await api.call('GET', path, asked(values))) as Page;
  show(answer, answer.items, columns, values);
}

function show(
  answer: Page,
  rows: readonly Row[],
  columns: readonly string[],
  { json }: Values,
): void {
  if (json !== undefined) {
    print(answer);
    return;
  }
  process.stdout.write(table(rows, columns));
  if (typeof answer.next === 'number') {
    process.stderr.write(`there are more: --offset ${answer.next}\n`);
  }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function line(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
