export type {
  Client,
  ClientEvents,
  ClientStats,
  LostSubscription,
  Undelivered,
} from './client.ts';
export { bytes, type Codec, json, text } from './codec/codec.ts';
export { connect, createClient, type ServerUrls } from './connect.ts';
export type { SessionStore } from './engine/journal.ts';
export type { PublishResult, Until } from './engine/publication.ts';
export type { ServerSettings } from './engine/server-settings.ts';
export type { AuthExchange, EnhancedAuth } from './enhanced-auth.ts';
export {
  type Delivered,
  ErrorCode,
  MqttError,
  type MqttErrorInit,
  PublishError,
  SubscribeError,
} from './errors.ts';
export type { Message } from './message.ts';
export { type Metrics, metrics } from './middleware/metrics.ts';
export type {
  InboundMessage,
  Middleware,
  OutboundMessage,
  PublishNext,
} from './middleware/middleware.ts';
export type {
  Attempt,
  Awaitable,
  CallOptions,
  ClientOptions,
  CloseOptions,
  Credentials,
  EachOptions,
  PublishCallOptions,
  PublishInit,
  QueueOptions,
  ReconnectOptions,
  RequestOptions,
  SessionOptions,
  SubscribeInit,
  TopicAliasOptions,
  Transport,
  UserProperties,
  WillOptions,
} from './options.ts';
export { RequestError, ResponseError } from './request/request-error.ts';
export type { Responder, RespondFunction, RespondInit } from './request/responder.ts';
export type { Subscription } from './subscription.ts';
export { fromDotted, toDotted } from './topic/dotted.ts';
export { InvalidPayloadError } from './topic/invalid-payload-error.ts';
export type { SchemaIssue, SchemaResult, StandardSchema } from './topic/standard-schema.ts';
export type { TopicParams } from './topic/topic-template.ts';
export type { TypedSubscription } from './topic/typed-subscription.ts';
export {
  type OnInvalid,
  type TopicOptions,
  type TypedMessage,
  type TypedSubscribeInit,
  type TypedTopic,
  topic,
} from './topic/typed-topic.ts';
