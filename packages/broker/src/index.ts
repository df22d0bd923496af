export type {
  AuthChallenge,
  AuthExchange,
  AuthMethod,
  AuthRequest,
  AuthStep,
  AuthSuccess,
} from './auth-method.ts';
export {
  Broker,
  type BrokerOptions,
  type DisconnectOptions,
  type PublishOptions,
} from './broker.ts';
export { defaultFeatures, type Features } from './features.ts';
export type {
  AuthenticateAnswer,
  Awaitable,
  ClientInfo,
  ConnectRefusal,
  ConnectRequest,
  DisconnectInfo,
  Explanation,
  Hooks,
  PublishAnswer,
  PublishedMessage,
  PublishRequest,
  Refusal,
  RefusalCode,
  SubscribeAnswer,
  SubscribeRequest,
  Welcome,
} from './hooks.ts';
export { defaultLimits, type Limits, limitRanges } from './limits.ts';
export { Metrics } from './metrics.ts';
export { type SharedStrategyName, sharedStrategyNames } from './routing/shared-strategy.ts';
