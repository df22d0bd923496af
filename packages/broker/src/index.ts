export { Broker, type BrokerOptions, type PublishOptions } from './broker.ts';
export type {
  AuthenticateAnswer,
  Awaitable,
  ClientInfo,
  ConnectRequest,
  DisconnectInfo,
  Hooks,
  PublishedMessage,
  PublishRequest,
  SubscribeRequest,
} from './hooks.ts';
export { defaultLimits, type Limits, limitRanges } from './limits.ts';
export { Metrics } from './metrics.ts';
