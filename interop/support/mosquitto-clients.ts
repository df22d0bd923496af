/**
 * mosquitto_pub and mosquitto_sub of Debian as one client: mosquitto_sub holds the connection that
 * has the filters, each message is published by a mosquitto_pub of its own.
 */
import { Inbox } from './inbox.ts';
import { isInstalled, Program, run } from './program.ts';
import {
  freshClientId,
  type Incoming,
  type OpenClient,
  type OpenOptions,
  type Outgoing,
  type Software,
} from './software.ts';

const versionArguments = { 3: 'mqttv31', 4: 'mqttv311', 5: 'mqttv5' } as const;
/** QoS, RETAIN, payload in hexadecimal, topic; the mark tells it from what -d prints. */
const format = '> %q %r %x %t';
const formatted = /^> (\d) (\d) ([0-9a-f]*) (.*)$/;

export const mosquittoClients: Software = {
  name: 'mosquitto',
  missing: isInstalled('sh', '-c', 'command -v mosquitto_sub mosquitto_pub')
    ? false
    : 'mosquitto_pub and mosquitto_sub are not installed',
  // So does mosquitto_sub when it is told to end by a signal.
  closesWithWill: [5],
  open: async (port, options) => {
    const client = new MosquittoClient(port, options);
    await client.subscribed();
    return client;
  },
  [Symbol.asyncDispose]: async () => {},
};

class MosquittoClient implements OpenClient {
  readonly sessionPresent = undefined;
  readonly #base: readonly string[];
  readonly #subscriber: Program | undefined;
  readonly #messages = new Inbox<Incoming>();

  constructor(port: number, options: OpenOptions) {
    this.#base = ['-h', '127.0.0.1', '-p', `${port}`, '-V', versionArguments[options.version]];
    if (options.filters === undefined) return;
    const args = [...this.#base, '-d', '-F', format, ...subscriberArguments(options)];
    this.#subscriber = Program.writingLines('mosquitto_sub', args, line => this.#onLine(line));
  }

  async subscribed(): Promise<void> {
    await this.#subscriber?.line(/^Subscribed /);
  }

  async publish({ topic, payload, qos, retain = false }: Outgoing): Promise<void> {
    const bytes = Buffer.from(payload);
    const args = ['-i', freshClientId('pub'), '-t', topic, '-q', `${qos}`];
    if (retain) args.push('-r');
    args.push(bytes.length === 0 ? '-n' : '-s');
    await run('mosquitto_pub', [...this.#base, ...args], bytes);
  }

  take(count: number): Promise<Incoming[]> {
    return this.#messages.take(count);
  }

  async close(): Promise<void> {
    await this.#subscriber?.stop('SIGTERM');
  }

  async cut(): Promise<void> {
    await this.#subscriber?.stop('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #onLine(line: string): boolean {
    const [, qos, retain, payload, topic] = formatted.exec(line) ?? [];
    if (topic === undefined) return false;
    this.#messages.push({
      topic,
      payload: Buffer.from(payload, 'hex'),
      qos: Number(qos),
      retain: retain === '1',
    });
    return true;
  }
}

function subscriberArguments(options: OpenOptions): string[] {
  const { clientId = freshClientId('sub'), clean = true, filters = [], qos = 0, will } = options;
  const args = ['-i', clientId, '-q', `${qos}`, ...filters.flatMap(filter => ['-t', filter])];
  if (!clean) args.push('-c');
  if (will !== undefined) {
    args.push('--will-topic', will.topic, '--will-payload', `${will.payload}`);
    args.push('--will-qos', `${will.qos}`);
    if (will.retain) args.push('--will-retain');
  }
  return args;
}
