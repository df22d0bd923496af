/**
 * Requests over MQTT 5.0: a Response Topic and Correlation Data with each message, one subscription
 * for all the answers.
 */
import { ReasonCode } from '@godwit/protocol';
import type { Clock, Random } from '@godwit/runtime';
import { call, type Settle } from '../call.ts';
import type { Client } from '../client.ts';
import { ErrorCode, MqttError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Message } from '../message.ts';
import type { CallOptions, ClientOptions, PublishInit } from '../options.ts';
import { needsVersion5 } from '../publish-packet.ts';
import { isFailure, RequestError } from './request-error.ts';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** Where the answers come in. */
interface Replies {
  readonly topic: string;
  /** The server's word on where that is to be. */
  readonly information: string | undefined;
  readonly subscribed: Promise<void>;
}

export class Requester {
  /** Answers to nothing that is still waited for. */
  late: number;
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #responseTopic: string | undefined;
  readonly #outstandingMax: number;
  readonly #timeoutMs: number;
  readonly #token: string;
  readonly #outstanding: Map<string, Settle<Message>>;
  #count: number;
  #replies: Replies | undefined;

  /** @throws RangeError for options that make no sense */
  constructor(client: Client, clock: Clock, random: Random, options: ClientOptions) {
    const { responseTopic, outstandingMax = limits.requestsOutstandingMax } =
      options.requests ?? {};
    if (!(Number.isInteger(outstandingMax) && outstandingMax >= 1)) {
      throw new RangeError(`requests.outstandingMax is ${outstandingMax}; expected 1 or more`);
    }
    this.late = 0;
    this.#client = client;
    this.#clock = clock;
    this.#responseTopic = responseTopic;
    this.#outstandingMax = outstandingMax;
    this.#timeoutMs = options.requests?.timeoutMs ?? limits.requestTimeoutMs;
    this.#token = Array.from(random.bytes(16), byte => byte.toString(16).padStart(2, '0')).join('');
    this.#outstanding = new Map();
    this.#count = 0;
    this.#replies = undefined;
  }

  async request(
    topic: string,
    payload: Uint8Array | string,
    options: PublishInit & CallOptions,
  ): Promise<Message> {
    const { signal, timeoutMs = this.#timeoutMs, ...init } = options;
    if (this.#client.protocolVersion < 5) throw needsVersion5('a request');
    if (init.responseTopic !== undefined || init.correlationData !== undefined) {
      throw new TypeError(
        'responseTopic and correlationData of a request are chosen by the client',
      );
    }
    if (this.#outstanding.size >= this.#outstandingMax) {
      throw new MqttError(ErrorCode.queueFull, `${this.#outstandingMax} requests are outstanding`);
    }
    this.#count += 1;
    const id = `${this.#token.slice(0, 8)}-${this.#count}`;
    const ended = new AbortController();
    try {
      return await call<Message>(this.#clock, { signal, timeoutMs }, settle => {
        this.#outstanding.set(id, settle);
        // nobody waits for the answer to a request that comes later than that
        const message = { qos: 1, expiryMs: timeoutMs, ...init, signal: ended.signal } as const;
        this.#send(topic, payload, id, message).catch(settle.reject);
      });
    } finally {
      this.#outstanding.delete(id);
      ended.abort();
    }
  }

  async #send(
    topic: string,
    payload: Uint8Array | string,
    id: string,
    options: PublishInit & CallOptions,
  ): Promise<void> {
    await this.#client.ready({ signal: options.signal });
    const replies = this.#subscribed();
    await replies.subscribed;
    const { reasonCode } = await this.#client.publish(topic, payload, {
      ...options,
      responseTopic: replies.topic,
      correlationData: utf8.encode(id),
    });
    if (reasonCode !== ReasonCode.noMatchingSubscribers) return;
    throw new MqttError(ErrorCode.noResponder, `nobody subscribes to ${topic}`, { reasonCode });
  }

  #subscribed(): Replies {
    const information = this.#client.server?.connack.properties?.responseInformation;
    if (this.#replies?.information === information && this.#replies !== undefined) {
      return this.#replies;
    }
    const prefix = information?.replace(/\/$/, '') ?? 'response';
    const topic = this.#responseTopic ?? `${prefix}/${this.#token}`;
    const subscribed = Promise.withResolvers<void>();
    const replies: Replies = { topic, information, subscribed: subscribed.promise };
    this.#replies = replies;
    this.#listen(topic, subscribed.resolve).then(
      // the client was closed, which tells all who wait
      () => {},
      error => {
        subscribed.reject(error);
        if (this.#replies !== replies) return;
        this.#replies = undefined;
        for (const { reject } of this.#outstanding.values()) reject(error);
      },
    );
    return replies;
  }

  async #listen(topic: string, onSubscribed: () => void): Promise<void> {
    const subscription = await this.#client.subscribe(topic, { qos: 1 });
    onSubscribed();
    await subscription.each(answer => this.#onAnswer(answer));
    const ended = new MqttError(ErrorCode.closed, 'the client was closed');
    for (const { reject } of this.#outstanding.values()) reject(ended);
  }

  #onAnswer(answer: Message): void {
    const id = fromUtf8.decode(answer.correlationData);
    const waiting = this.#outstanding.get(id);
    if (waiting === undefined) {
      this.late += 1;
      return;
    }
    this.#outstanding.delete(id);
    if (isFailure(answer)) waiting.reject(new RequestError(answer));
    else waiting.resolve(answer);
  }
}
