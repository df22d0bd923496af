/** Debian's python3-paho-mqtt: one Python process that runs any number of clients. */
import { fileURLToPath } from 'node:url';
import { Inbox } from './inbox.ts';
import {
  type Library,
  type LibraryClient,
  type LibraryIncoming,
  type LibraryOptions,
  type LibraryOutgoing,
  type MessageProperties,
  Refused,
  type SubscribeOptions,
} from './library.ts';
import { isInstalled, Program } from './program.ts';
import { freshClientId, type Outgoing, sessionExpirySeconds } from './software.ts';

const python = '/usr/bin/python3';
const driver = fileURLToPath(new URL('paho-driver.py', import.meta.url));

/** A line of the driver's, without the name of its client. */
type Report =
  | { event: 'connack'; reasonCode: number; sessionPresent: boolean; properties: Connack }
  | { event: 'suback'; reasonCodes: number[] }
  | { event: 'unsuback'; reasonCodes: number[] }
  | { event: 'published'; token: number }
  | ({ event: 'message' } & InHex<LibraryIncoming>)
  | { event: 'closed'; reasonCode: number };

interface Connack {
  readonly assignedClientIdentifier?: string;
}

type InHex<T> = Omit<T, 'payload' | 'properties'> & {
  payload: string;
  properties: Omit<MessageProperties, 'correlationData'> & { correlationData?: string };
};

/** Starts the Python process with the first client. */
export class Paho implements Library {
  readonly name = 'paho';
  readonly missing = isInstalled(python, '-c', 'import paho.mqtt.client')
    ? false
    : 'python3-paho-mqtt is not installed';
  readonly closesWithWill = [];
  readonly #clients = new Map<string, PahoClient>();
  #program: Program | undefined;

  async open(port: number, options: LibraryOptions): Promise<LibraryClient> {
    this.#program ??= this.#start();
    const name = `${this.#clients.size}`;
    const client = new PahoClient(this.#program, name, options.clientId ?? freshClientId('paho'));
    this.#clients.set(name, client);
    await client.connect(port, options);
    const { filters = [], qos = 0 } = options;
    for (const filter of filters) await client.subscribe(filter, { qos });
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.stop('SIGTERM');
  }

  #start(): Program {
    const program = new Program(python, [driver], line => this.#onLine(line));
    void program.ended.then(error => {
      for (const client of this.#clients.values()) client.end(error);
    });
    return program;
  }

  #onLine(line: string): boolean {
    const { client, ...report } = JSON.parse(line) as Report & { client: string };
    this.#clients.get(client)?.onReport(report);
    return true;
  }
}

class PahoClient implements LibraryClient {
  clientId: string;
  sessionPresent: boolean | undefined;
  /** Version 1.6 overlooks the reason code of a DISCONNECT that has no properties. */
  readonly disconnected: Promise<undefined>;
  readonly #program: Program;
  readonly #name: string;
  readonly #messages = new Inbox<LibraryIncoming>();
  readonly #connacks = new Inbox<Extract<Report, { event: 'connack' }>>();
  readonly #subacks = new Inbox<number[]>();
  readonly #unsubacks = new Inbox<number[]>();
  readonly #publishing = new Map<number, PromiseWithResolvers<void>>();
  readonly #closed = Promise.withResolvers<undefined>();
  #tokens = 0;
  #isClosed = false;

  constructor(program: Program, name: string, clientId: string) {
    this.#program = program;
    this.#name = name;
    this.clientId = clientId;
    this.disconnected = this.#closed.promise;
  }

  async connect(port: number, options: LibraryOptions): Promise<void> {
    const { version, clean = true, will, receiveMaximum, maximumPacketSize } = options;
    const { sessionExpiryInterval = clean ? 0 : sessionExpirySeconds } = options;
    this.#tell('connect', {
      port,
      version,
      clientId: this.clientId,
      clean,
      will: will === undefined ? null : inHex(will),
      properties: { sessionExpiryInterval, receiveMaximum, maximumPacketSize },
    });
    const [connack] = await this.#connacks.take(1);
    if (connack.reasonCode !== 0) throw new Refused(connack.reasonCode);
    this.sessionPresent = connack.sessionPresent;
    this.clientId = connack.properties.assignedClientIdentifier ?? this.clientId;
  }

  publish(message: Outgoing): Promise<void> {
    this.#tokens += 1;
    this.#tell('publish', { token: this.#tokens, ...inHex(message) });
    const published = Promise.withResolvers<void>();
    this.#publishing.set(this.#tokens, published);
    return published.promise;
  }

  /** Version 1.6 keeps the reason code to itself. */
  async send(message: LibraryOutgoing): Promise<undefined> {
    await this.publish(message);
  }

  async subscribe(filter: string, options: SubscribeOptions): Promise<number[]> {
    const { qos, noLocal = false, retainAsPublished = false, retainHandling = 0 } = options;
    const properties = { subscriptionIdentifier: options.subscriptionIdentifier };
    const wishes = { qos, noLocal, retainAsPublished, retainHandling, properties };
    this.#tell('subscribe', { filter, ...wishes });
    const [reasonCodes] = await this.#subacks.take(1);
    return reasonCodes;
  }

  async unsubscribe(filter: string): Promise<number[]> {
    this.#tell('unsubscribe', { filter });
    const [reasonCodes] = await this.#unsubacks.take(1);
    return reasonCodes;
  }

  take(count: number): Promise<LibraryIncoming[]> {
    return this.#messages.take(count);
  }

  async close(reasonCode?: number): Promise<void> {
    if (!this.#isClosed) this.#tell('close', { reasonCode: reasonCode ?? null });
    await this.disconnected;
  }

  async cut(): Promise<void> {
    this.#tell('cut', {});
    await this.disconnected;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  onReport(report: Report): void {
    if (report.event === 'message') this.#messages.push(fromHex(report));
    else if (report.event === 'connack') this.#connacks.push(report);
    else if (report.event === 'suback') this.#subacks.push(report.reasonCodes);
    else if (report.event === 'unsuback') this.#unsubacks.push(report.reasonCodes);
    else if (report.event === 'published') this.#publishing.get(report.token)?.resolve();
    else {
      this.#closed.resolve(undefined);
      this.end(new Error(`the connection is closed (${report.reasonCode})`));
    }
  }

  /** Nothing more will be reported. */
  end(error: Error): void {
    this.#isClosed = true;
    for (const { reject } of this.#publishing.values()) reject(error);
    this.#messages.end(error);
    this.#connacks.end(error);
    this.#subacks.end(error);
    this.#unsubacks.end(error);
  }

  #tell(command: string, content: object): void {
    this.#program.write(`${JSON.stringify({ client: this.#name, do: command, ...content })}\n`);
  }
}

function inHex({ topic, payload, qos, retain = false, properties }: LibraryOutgoing): object {
  const { correlationData, ...rest } = properties ?? {};
  return {
    topic,
    payload: Buffer.from(payload).toString('hex'),
    qos,
    retain,
    properties: {
      ...rest,
      ...(correlationData && { correlationData: Buffer.from(correlationData).toString('hex') }),
    },
  };
}

function fromHex({
  topic,
  payload,
  qos,
  retain,
  properties,
}: InHex<LibraryIncoming>): LibraryIncoming {
  const { correlationData, ...rest } = properties;
  return {
    topic,
    payload: Buffer.from(payload, 'hex'),
    qos,
    retain,
    properties: {
      ...rest,
      ...(correlationData !== undefined && {
        correlationData: new Uint8Array(Buffer.from(correlationData, 'hex')),
      }),
    },
  };
}
