export type { Client, ClientEvents, ClientStats } from './client.ts';
export { connect, createClient, type TransportOptions } from './connect.ts';
export type { PublishResult } from './engine/outbound.ts';
export type { ServerSettings } from './engine/server-settings.ts';
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
  Awaitable,
  CallOptions,
  ClientOptions,
  CloseOptions,
  Credentials,
  EachOptions,
  PublishInit,
  QueueOptions,
  SessionOptions,
  SubscribeInit,
  Transport,
  UserProperties,
  WillOptions,
} from './options.ts';
export type { Subscription } from './subscription.ts';
