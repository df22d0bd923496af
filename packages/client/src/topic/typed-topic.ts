/** Topics of which a program knows the parameters and the type of the payload. */
import { ReasonCode } from '@godwit/protocol';
import type { Client } from '../client.ts';
import type { Codec } from '../codec/codec.ts';
import type { PublishResult } from '../engine/publication.ts';
import type { Message } from '../message.ts';
import type { CallOptions, PublishCallOptions, PublishInit, SubscribeInit } from '../options.ts';
import { InvalidPayloadError } from './invalid-payload-error.ts';
import type { StandardSchema } from './standard-schema.ts';
import { type TopicParams, TopicTemplate } from './topic-template.ts';
import { TypedSubscription } from './typed-subscription.ts';

/** What is the same for all messages of a typed topic. */
export interface TopicOptions<C, S> extends PublishInit {
  codec: C;
  /** Checks each value: before it is encoded, as it is, and after it was decoded. */
  schema?: S;
}

export interface TypedSubscribeInit extends SubscribeInit {
  /**
   * A payload that cannot be decoded, or that the schema refuses, is counted (`invalid`) and never
   * delivered. 'nack' (default) tells the server so (0x99); 'skip' acknowledges it all the same.
   */
  onInvalid?: OnInvalid | ((error: InvalidPayloadError, message: Message) => OnInvalid);
}

export type OnInvalid = 'nack' | 'skip';

/** A message of a typed topic. */
export interface TypedMessage<P, O> {
  readonly params: P;
  readonly value: O;
  readonly message: Message;
}

/** Type of the values that are published: what the schema takes, or else the codec. */
type InputOf<C, S> =
  S extends StandardSchema<infer I, infer _> ? I : C extends Codec<infer V> ? V : never;
/** Type of the values that are received. */
type OutputOf<C, S> =
  S extends StandardSchema<infer _, infer O> ? O : C extends Codec<infer V> ? V : never;

/**
 * Describes a topic: its parameters, and what its payloads are.
 *
 * ```ts
 * const temperature = topic('site/{site}/temperature', { codec: json<number>(), qos: 1 });
 * await temperature.publish(client, { site: 'north' }, 21.5);
 * ```
 * @throws RangeError when the template is none
 */
export function topic<
  const T extends string,
  // biome-ignore lint/suspicious/noExplicitAny: a codec of whatever type
  C extends Codec<any>,
  // biome-ignore lint/suspicious/noExplicitAny: a schema of whatever types
  S extends StandardSchema<any, any> | undefined = undefined,
>(
  template: T,
  options: TopicOptions<C, S>,
): TypedTopic<TopicParams<T>, InputOf<C, S>, OutputOf<C, S>> {
  return new TypedTopic(template, options);
}

export class TypedTopic<P extends Readonly<Record<string, string>>, I, O> {
  readonly #template: TopicTemplate;
  readonly #codec: Codec<unknown>;
  readonly #schema: StandardSchema | undefined;
  readonly #init: PublishInit;

  constructor(template: string, options: TopicOptions<Codec, StandardSchema | undefined>) {
    const { codec, schema, ...init } = options;
    this.#template = new TopicTemplate(template);
    this.#codec = codec;
    this.#schema = schema;
    this.#init = init;
  }

  /** The topic name of these parameters. @throws as `publish` */
  name(params: P): string {
    return this.#template.name(params);
  }

  /** The filter of these parameters; those left out match anything. @throws as `subscribe` */
  filter(params: Partial<P> = {}): string {
    return this.#template.filter(params);
  }

  /**
   * Checks, encodes and publishes a value.
   * @throws InvalidPayloadError when the schema refuses it
   * @throws TypeError, RangeError for parameters that do not make a topic name
   * @throws PublishError as `Client.publish`
   */
  async publish(
    client: Client,
    params: P,
    value: I,
    options: PublishInit & PublishCallOptions = {},
  ): Promise<PublishResult> {
    const name = this.name(params);
    if (this.#schema !== undefined) await check(name, this.#schema, value);
    const payload = this.#codec.encode(value);
    return client.publish(name, payload, { ...this.#described(client), ...this.#init, ...options });
  }

  /**
   * Subscribes to the topics of these parameters; those left out match anything. The QoS is that
   * of the topic, unless given.
   * @throws TypeError, RangeError for parameters that do not make a filter
   * @throws SubscribeError, MqttError as `Client.subscribe`
   */
  async subscribe(
    client: Client,
    params: Partial<P> = {},
    options: TypedSubscribeInit & CallOptions = {},
  ): Promise<TypedSubscription<TypedMessage<P, O>>> {
    const { onInvalid = 'nack', ...init } = options;
    const subscription = await client.subscribe(this.filter(params), {
      qos: this.#init.qos,
      ...init,
    });
    return new TypedSubscription(
      subscription,
      message => this.#read(message),
      (error, message) => {
        const verdict = typeof onInvalid === 'function' ? onInvalid(error, message) : onInvalid;
        if (verdict === 'skip') message.ack();
        else message.nack(ReasonCode.payloadFormatInvalid);
      },
    );
  }

  /** @throws InvalidPayloadError */
  async #read(message: Message): Promise<TypedMessage<P, O>> {
    const params = this.#template.params(message.topic) as P;
    let value: unknown;
    try {
      value = this.#codec.decode(message.payload);
    } catch (cause) {
      throw new InvalidPayloadError(message.topic, [], { cause });
    }
    if (this.#schema !== undefined) value = await check(message.topic, this.#schema, value);
    return { params, value: value as O, message };
  }

  /** 3.x has no properties to say so. */
  #described(client: Client): PublishInit {
    const { contentType, isText = false } = this.#codec;
    if (client.protocolVersion < 5) return {};
    return { contentType, payloadFormatIndicator: isText ? 1 : undefined };
  }
}

/** @throws InvalidPayloadError */
async function check(name: string, schema: StandardSchema, value: unknown): Promise<unknown> {
  const result = await schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  throw new InvalidPayloadError(name, result.issues);
}
