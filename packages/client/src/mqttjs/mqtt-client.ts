/**
 * A client shaped like that of MQTT.js 5: events and callbacks, for programs written for it. What
 * it does not know it refuses, rather than doing something else.
 */
import { EventEmitter } from 'node:events';
import { type ConnackPacket, isValidTopicName, parseTopicFilter } from '@godwit/protocol';
import type { Client } from '../client.ts';
import { ErrorCode, MqttError } from '../errors.ts';
import type { InboundMessage } from '../middleware/middleware.ts';
import { createClient } from '../node.ts';
import type { Subscription } from '../subscription.ts';
import { clientOptions, type MqttJsOptions, unsupported } from './options.ts';
import { type MqttJsProperties, mqttJsProperties, publishInit } from './properties.ts';

/** A Buffer: what MQTT.js hands to 'message'. */
export type MqttJsPayload = Uint8Array & { toString(encoding?: string): string };

export interface MqttJsPacket {
  readonly cmd: string;
  readonly topic?: string;
  readonly payload?: MqttJsPayload;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly sessionPresent?: boolean;
  readonly reasonCode?: number;
  readonly returnCode?: number;
  readonly properties?: MqttJsProperties | Readonly<Record<string, unknown>>;
}

export interface MqttJsPublishOptions {
  qos?: 0 | 1 | 2;
  retain?: boolean;
  properties?: MqttJsProperties;
}

export interface MqttJsSubscribeOptions {
  qos?: 0 | 1 | 2;
  nl?: boolean;
  rap?: boolean;
  rh?: 0 | 1 | 2;
  properties?: { userProperties?: MqttJsProperties['userProperties'] };
}

export interface MqttJsGrant {
  readonly topic: string;
  readonly qos: number;
}

type Filters = string | readonly string[] | Readonly<Record<string, MqttJsSubscribeOptions>>;
type Callback<T> = (error: Error | null, value?: T) => void;
type Done = Callback<void>;
type PublishDone = Callback<MqttJsPacket>;
type SubscribeDone = Callback<MqttJsGrant[]>;

export class MqttClient extends EventEmitter {
  connected: boolean;
  reconnecting: boolean;
  disconnecting: boolean;
  disconnected: boolean;
  readonly options: MqttJsOptions;
  readonly #urls: readonly URL[];
  readonly #subscriptions: Map<string, Subscription>;
  #wanted: Map<string, MqttJsSubscribeOptions>;
  #client: Client;

  /** @throws TypeError, RangeError for options that make no sense, or none here */
  constructor(urls: readonly URL[], options: MqttJsOptions) {
    super();
    const random = Array.from(crypto.getRandomValues(new Uint8Array(4)));
    const clientId = `mqttjs_${random.map(byte => byte.toString(16).padStart(2, '0')).join('')}`;
    this.connected = false;
    this.reconnecting = false;
    this.disconnecting = false;
    this.disconnected = false;
    this.options = { ...options, clientId: options.clientId ?? clientId };
    this.#urls = urls;
    this.#subscriptions = new Map();
    this.#wanted = new Map();
    this.#client = this.#open();
  }

  publish(topic: string, message: string | Uint8Array, done?: PublishDone): this;
  publish(
    topic: string,
    message: string | Uint8Array,
    options?: MqttJsPublishOptions,
    done?: PublishDone,
  ): this;
  publish(
    topic: string,
    message: string | Uint8Array,
    options?: MqttJsPublishOptions | PublishDone,
    done?: PublishDone,
  ): this {
    const [given, then] = typeof options === 'function' ? [undefined, options] : [options, done];
    return this.#tell<MqttJsPacket | undefined>(this.publishAsync(topic, message, given), then);
  }

  async publishAsync(
    topic: string,
    message: string | Uint8Array,
    options: MqttJsPublishOptions = {},
  ): Promise<MqttJsPacket | undefined> {
    const { qos = 0, retain = false, properties } = options;
    if (this.disconnecting) throw new Error('client disconnecting');
    if (!isValidTopicName(topic)) throw new Error(`Invalid topic: ${topic}`);
    const init = { qos, retain, ...publishInit(properties) };
    const { reasonCode } = await this.#client.publish(topic, message, init);
    return qos === 0 ? undefined : { cmd: qos === 1 ? 'puback' : 'pubcomp', reasonCode };
  }

  subscribe(filters: Filters, done?: SubscribeDone): this;
  subscribe(filters: Filters, options?: MqttJsSubscribeOptions, done?: SubscribeDone): this;
  subscribe(
    filters: Filters,
    options?: MqttJsSubscribeOptions | SubscribeDone,
    done?: SubscribeDone,
  ): this {
    const [given, then] = typeof options === 'function' ? [undefined, options] : [options, done];
    return this.#tell(this.subscribeAsync(filters, given), then);
  }

  async subscribeAsync(
    filters: Filters,
    options: MqttJsSubscribeOptions = {},
  ): Promise<MqttJsGrant[]> {
    if (this.disconnecting) throw new Error('client disconnecting');
    const list = typeof filters === 'string' ? [filters] : filters;
    const wishes: [string, MqttJsSubscribeOptions][] = Array.isArray(list)
      ? list.map(filter => [filter, options])
      : Object.entries(list as Record<string, MqttJsSubscribeOptions>);
    for (const [filter] of wishes) {
      if (parseTopicFilter(filter) === null) throw new Error(`Invalid topic ${filter}`);
    }
    return Promise.all(wishes.map(([filter, wish]) => this.#subscribe(filter, wish)));
  }

  unsubscribe(filters: string | readonly string[], done?: Done): this;
  unsubscribe(filters: string | readonly string[], options?: object, done?: Done): this;
  unsubscribe(filters: string | readonly string[], options?: object | Done, done?: Done): this {
    const then = typeof options === 'function' ? (options as Done) : done;
    return this.#tell(this.unsubscribeAsync(filters), then);
  }

  async unsubscribeAsync(filters: string | readonly string[]): Promise<void> {
    if (this.disconnecting) throw new Error('client disconnecting');
    const list = typeof filters === 'string' ? [filters] : filters;
    await Promise.all(
      list.map(async filter => {
        const subscription = this.#subscriptions.get(filter);
        this.#subscriptions.delete(filter);
        this.#wanted.delete(filter);
        if (subscription === undefined) await this.#client.unsubscribe(filter);
        else await subscription.unsubscribe();
      }),
    );
  }

  /** `force` does not wait for acknowledgements of what was published. */
  end(done?: Done): this;
  end(force?: boolean, done?: Done): this;
  end(force?: boolean, options?: { reasonCode?: number }, done?: Done): this;
  end(force?: boolean | Done, options?: { reasonCode?: number } | Done, done?: Done): this {
    const then = [force, options, done].find(value => typeof value === 'function');
    const isForced = force === true;
    const given = typeof options === 'object' ? options : undefined;
    return this.#tell(this.endAsync(isForced, given), then as Done | undefined);
  }

  async endAsync(force = false, { reasonCode }: { reasonCode?: number } = {}): Promise<void> {
    this.disconnecting = true;
    // without a connection nothing could be acknowledged
    await this.#client.close({ drain: !force && this.connected, reasonCode });
    if (this.disconnected) return;
    this.disconnected = true;
    this.emit('end');
  }

  /** Begins again after `end`, with the subscriptions there were. */
  reconnect(): this {
    if (this.#client.state !== 'closed') return this;
    this.disconnecting = false;
    this.disconnected = false;
    this.#subscriptions.clear();
    this.#client = this.#open();
    for (const [filter, options] of this.#wanted) this.subscribe(filter, options);
    return this;
  }

  #open(): Client {
    const { username, password, clientId = '' } = this.options;
    const options = clientOptions(this.options, clientId);
    const client = createClient(this.#urls, {
      ...options,
      reconnect: options.reconnect && { ...options.reconnect, retry: mayRetry },
      credentials: () => this.#onAttempt({ username, password }),
      use: [{ receive: message => this.#onMessage(message) }],
    });
    client.on('up', ({ connack }) => this.#onUp(connack));
    client.on('down', error => this.#onDown(error));
    return client;
  }

  #onAttempt<T>(credentials: T): T {
    if (this.reconnecting) this.emit('reconnect');
    return credentials;
  }

  #onUp({ sessionPresent, reasonCode, properties }: ConnackPacket): void {
    this.connected = true;
    this.reconnecting = false;
    const packet = { cmd: 'connack', sessionPresent, reasonCode, returnCode: 0, properties };
    this.emit('connect', packet);
  }

  #onDown(error: MqttError | undefined): void {
    this.connected = false;
    if (error?.code === ErrorCode.serverDisconnected) {
      this.emit('disconnect', { cmd: 'disconnect', reasonCode: error.reasonCode });
    }
    // one that nobody listens to would end the program
    if (error !== undefined && this.listenerCount('error') > 0) this.emit('error', told(error));
    this.emit('close');
    if (this.#client.state !== 'waiting') this.reconnecting = false;
    else if (!this.reconnecting) {
      this.emit('offline');
      this.reconnecting = true;
    }
  }

  /** Each message once, however many filters match it. */
  #onMessage(message: InboundMessage): void {
    const { topic, qos, retain, dup, payload, properties } = message;
    const buffer = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const plain = { cmd: 'publish', topic, payload: buffer, qos, retain, dup };
    const found = mqttJsProperties(properties);
    try {
      this.emit('message', topic, buffer, found ? { ...plain, properties: found } : plain);
    } finally {
      message.finish(0);
    }
  }

  async #subscribe(filter: string, options: MqttJsSubscribeOptions): Promise<MqttJsGrant> {
    const { qos = 0, nl, rap, rh, properties = {} } = options;
    if ('subscriptionIdentifier' in properties) throw unsupported('a subscriptionIdentifier');
    const subscription = await this.#client.subscribe(filter, {
      qos,
      noLocal: nl,
      retainAsPublished: rap,
      retainHandling: rh,
      userProperties: publishInit(properties).userProperties,
    });
    // the new one holds the filter, so that the server is told nothing
    const before = this.#subscriptions.get(filter);
    this.#subscriptions.set(filter, subscription);
    this.#wanted.set(filter, options);
    await before?.unsubscribe();
    return { topic: filter, qos: subscription.granted.get(filter) ?? qos };
  }

  /** Tells a callback; an error without one is an 'error', where anybody listens. */
  #tell<T>(promise: Promise<T>, done?: (error: Error | null, value?: T) => void): this {
    promise.then(
      value => queueMicrotask(() => done?.(null, value)),
      error => {
        if (done !== undefined) queueMicrotask(() => done(told(error)));
        else if (this.listenerCount('error') > 0) this.emit('error', told(error));
      },
    );
    return this;
  }
}

/** What MQTT.js tries again: all but a refused CONNECT; and two of one id must not fight. */
function mayRetry({ code, reasonCode }: MqttError): boolean | number {
  return code !== ErrorCode.connectRefused && reasonCode !== 0x8e;
}

/** With the error of the system in sight, whose `code` programs look at. */
function told(error: Error): Error {
  if (error instanceof MqttError && error.code === ErrorCode.connectFailed) {
    return error.cause instanceof Error ? error.cause : error;
  }
  return error;
}
