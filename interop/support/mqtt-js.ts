/** npm's MQTT.js, in the process of the test. */
import mqtt, { type IClientOptions, type IConnackPacket, type MqttClient } from 'mqtt';
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
import { freshClientId, type Outgoing, sessionExpirySeconds } from './software.ts';

type Properties = NonNullable<mqtt.IPublishPacket['properties']>;

export const mqttJs: Library = {
  name: 'mqttjs',
  missing: false,
  closesWithWill: [],
  open: async (port, options) => {
    const client = new MqttJsClient(port, options);
    await client.ready();
    const { filters = [], qos = 0 } = options;
    for (const filter of filters) await client.subscribe(filter, { qos });
    return client;
  },
  [Symbol.asyncDispose]: async () => {},
};

class MqttJsClient implements LibraryClient {
  clientId = '';
  sessionPresent: boolean | undefined;
  readonly disconnected: Promise<number>;
  readonly #client: MqttClient;
  readonly #messages = new Inbox<LibraryIncoming>();
  /** Reason codes in the order of what was published. */
  readonly #acks = new Inbox<number>();
  readonly #connack: Promise<IConnackPacket>;
  readonly #closed: Promise<void>;

  constructor(port: number, options: LibraryOptions) {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, clientOptions(options));
    const connack = Promise.withResolvers<IConnackPacket>();
    const disconnected = Promise.withResolvers<number>();
    this.#client = client;
    this.#connack = connack.promise;
    this.disconnected = disconnected.promise;
    this.#closed = new Promise(resolve => void client.once('close', resolve));
    client.on('packetreceive', packet => {
      if (packet.cmd === 'connack') connack.resolve(packet);
      if (packet.cmd === 'puback' || packet.cmd === 'pubrec') {
        this.#acks.push(packet.reasonCode ?? 0);
      }
      if (packet.cmd === 'disconnect') disconnected.resolve(packet.reasonCode ?? 0);
    });
    client.on('message', (topic, payload, { qos, retain, properties }) => {
      this.#messages.push({ topic, payload, qos, retain, properties: received(properties) });
    });
    client.on('error', error => this.#messages.end(error));
    client.on('close', () => this.#messages.end(new Error('the connection is closed')));
  }

  async ready(): Promise<void> {
    const closed = this.#closed.then(() => Promise.reject(new Error('closed without CONNACK')));
    const connack = await Promise.race([this.#connack, closed]);
    const { sessionPresent, properties } = connack;
    const reasonCode = connack.reasonCode ?? connack.returnCode ?? 0;
    if (reasonCode !== 0) {
      await this.cut();
      throw new Refused(reasonCode);
    }
    this.sessionPresent = sessionPresent;
    this.clientId = properties?.assignedClientIdentifier ?? this.#client.options.clientId ?? '';
  }

  async publish(message: Outgoing): Promise<void> {
    await this.send(message);
  }

  async send({ topic, payload, properties, ...message }: LibraryOutgoing): Promise<number> {
    const options = { ...message, ...(properties && { properties: toSend(properties) }) };
    const sent = this.#client.publishAsync(topic, Buffer.from(payload), options);
    await sent.catch(error => {
      if (typeof error.code !== 'number') throw error;
    });
    if (message.qos === 0) return 0;
    const [reasonCode] = await this.#acks.take(1);
    return reasonCode;
  }

  subscribe(filter: string, options: SubscribeOptions): Promise<number[]> {
    const { qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = options;
    const { promise, resolve } = Promise.withResolvers<number[]>();
    const { properties } = subscriptionIdentifier ? { properties: { subscriptionIdentifier } } : {};
    const wishes = { qos, nl: noLocal, rap: retainAsPublished, rh: retainHandling, properties };
    // The error of a refused filter tells less than its SUBACK.
    this.#client.subscribe(filter, wishes, (_error, _granted, suback) => {
      resolve((suback?.granted ?? []) as number[]);
    });
    return promise;
  }

  async unsubscribe(filter: string): Promise<number[]> {
    const unsuback = await this.#client.unsubscribeAsync(filter);
    return (unsuback as { granted?: number[] } | undefined)?.granted ?? [];
  }

  take(count: number): Promise<LibraryIncoming[]> {
    return this.#messages.take(count);
  }

  async close(reasonCode?: number): Promise<void> {
    await this.#client.endAsync(false, reasonCode === undefined ? {} : { reasonCode });
  }

  async cut(): Promise<void> {
    this.#client.stream.destroy();
    await this.#closed;
    await this.#client.endAsync(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#client.disconnecting) await this.#client.endAsync(!this.#client.connected);
  }
}

function clientOptions(options: LibraryOptions): IClientOptions {
  const { version, clientId = freshClientId('mqttjs'), clean = true } = options;
  const { sessionExpiryInterval = clean ? 0 : sessionExpirySeconds } = options;
  const { receiveMaximum, maximumPacketSize } = options;
  return {
    protocolVersion: version,
    protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
    clientId,
    clean,
    reconnectPeriod: 0,
    resubscribe: false,
    ...(version === 5 && {
      properties: { sessionExpiryInterval, receiveMaximum, maximumPacketSize },
    }),
    ...(options.will && { will: willToSend(options.will) }),
  };
}

function willToSend({ payload, properties, ...will }: LibraryOutgoing): IClientOptions['will'] {
  return {
    ...will,
    payload: Buffer.from(payload),
    ...(properties && { properties: toSend(properties) }),
  };
}

/** Has User Properties by name: the order of different names is kept only among first ones. */
function toSend(properties: MessageProperties): Properties {
  const { userProperties, correlationData, subscriptionIdentifiers: _, ...rest } = properties;
  const byName: Record<string, string[]> = {};
  for (const [name, value] of userProperties ?? []) {
    byName[name] ??= [];
    byName[name].push(value);
  }
  return {
    ...rest,
    ...(userProperties && { userProperties: byName }),
    ...(correlationData && { correlationData: Buffer.from(correlationData) }),
  };
}

function received(properties: Properties = {}): MessageProperties {
  const { userProperties, subscriptionIdentifier, correlationData, ...rest } = properties;
  return {
    ...rest,
    ...(correlationData && { correlationData: new Uint8Array(correlationData) }),
    ...(subscriptionIdentifier !== undefined && {
      subscriptionIdentifiers: [subscriptionIdentifier].flat(),
    }),
    ...(userProperties && {
      userProperties: Object.entries(userProperties).flatMap(([name, values]) =>
        [values].flat().map(value => [name, value] as const),
      ),
    }),
  };
}
