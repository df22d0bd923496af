export { type Ban, type BanKind, type BanRequest, banKinds } from './admission/bans.ts';
export type { EntranceOptions } from './admission/entrance.ts';
export { readArchive } from './archive/archive-reader.ts';
export type {
  ArchivedContent,
  ArchivedMessage,
  ArchivedRetained,
  ArchivedSession,
  ArchivedSubscription,
  ArchivedTarget,
  ArchivedWill,
  ArchiveRecord,
} from './archive/archive-record.ts';
export { ArchiveWriter } from './archive/archive-writer.ts';
export type {
  AuthChallenge,
  AuthExchange,
  AuthMethod,
  AuthRequest,
  AuthStep,
  AuthSuccess,
} from './auth-method.ts';
export { Broker } from './broker.ts';
export type {
  AcceptOptions,
  BrokerOptions,
  CloseOptions,
  DisconnectOptions,
  PublishOptions,
} from './broker-options.ts';
export { type PublishRatePolicy, publishRatePolicies } from './connection/inbound-rate.ts';
export { type AckLevel, type AckRule, ackLevels } from './durable/ack-level.ts';
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
export { type BrokerPhase, Inspector } from './inspect/inspector.ts';
export type { RetainedInfo } from './inspect/retained-info.ts';
export type {
  ConnectionInfo,
  InflightInfo,
  QueuedInfo,
  SessionInfo,
  SubscriptionInfo,
} from './inspect/session-info.ts';
export type { Totals } from './inspect/totals.ts';
export { defaultLimits, fixedLimits, type Limits, limitRanges } from './limits.ts';
export { type Load, type LoadState, loadStates } from './load/load-monitor.ts';
export { Metrics } from './metrics.ts';
export { type SharedStrategyName, sharedStrategyNames } from './routing/shared-strategy.ts';
export { type QueueFullPolicy, queueFullPolicies } from './session/queue-full-policy.ts';
export { type TracedPacket, type TraceFilter, Tracer } from './trace/tracer.ts';
