/** Our own client, to be put beside the others. */
import type { Client, ClientOptions } from '@godwit/client';
import { createClient } from '@godwit/client/node';
import { deadlineMs, Inbox } from './inbox.ts';
import {
  freshClientId,
  type Incoming,
  type OpenClient,
  type OpenOptions,
  type Outgoing,
  type Software,
  sessionExpirySeconds,
} from './software.ts';

const timeoutMs = deadlineMs;

export const godwitClient: Software = {
  name: 'godwit',
  missing: false,
  closesWithWill: [],
  open: async (port, options) => {
    const client = createClient(`mqtt://127.0.0.1:${port}`, clientOptions(options));
    const messages = new Inbox<Incoming>();
    await receive(client, options, messages);
    await client.ready({ timeoutMs });
    return new GodwitClient(client, messages);
  },
  [Symbol.asyncDispose]: async () => {},
};

class GodwitClient implements OpenClient {
  readonly sessionPresent: boolean | undefined;
  readonly #client: Client;
  readonly #messages: Inbox<Incoming>;

  constructor(client: Client, messages: Inbox<Incoming>) {
    this.sessionPresent = client.server?.sessionPresent;
    this.#client = client;
    this.#messages = messages;
  }

  async publish({ topic, payload, ...options }: Outgoing): Promise<void> {
    await this.#client.publish(topic, payload, { ...options, timeoutMs });
  }

  take(count: number): Promise<Incoming[]> {
    return this.#messages.take(count);
  }

  close(): Promise<void> {
    return this.#client.close({ timeoutMs });
  }

  /** An aborted goodbye is none. */
  cut(): Promise<void> {
    return this.#client.close({ signal: AbortSignal.abort() });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Subscribes before the connection stands, so that no message of a found session is missed. */
async function receive(
  client: Client,
  { filters, qos = 0 }: OpenOptions,
  messages: Inbox<Incoming>,
): Promise<void> {
  if (filters === undefined) return;
  const subscription = await client.subscribe(filters, { qos, timeoutMs });
  const ended = subscription.each(({ topic, payload, qos, retain }) => {
    messages.push({ topic, payload: Buffer.from(payload), qos, retain });
  });
  ended.then(
    () => messages.end(new Error('the subscription is closed')),
    error => messages.end(error),
  );
}

function clientOptions(options: OpenOptions): ClientOptions {
  const { version, clientId = freshClientId('godwit'), clean = true, will } = options;
  const expiry = version === 5 && !clean ? { expiryMs: sessionExpirySeconds * 1000 } : {};
  return {
    protocolVersion: version,
    clientId,
    reconnect: false,
    session: { cleanStart: clean, ...expiry },
    will,
  };
}
