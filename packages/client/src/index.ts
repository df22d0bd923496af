export type {
  Client,
  ClientEvents,
  ClientStats,
  LostSubscription,
  Undelivered,
} from './client.ts';
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
  SessionOptions,
  SubscribeInit,
  TopicAliasOptions,
  Transport,
  UserProperties,
  WillOptions,
} from './options.ts';
export type { Subscription } from './subscription.ts';
