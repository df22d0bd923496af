export type { AuthConfig, Config, ListenerConfig, LogConfig } from './config/config.ts';
export { defaultConfig, portMax } from './config/config.ts';
export { type ConfigChange, configDiff } from './config/config-diff.ts';
export { ConfigError, type ConfigIssue } from './config/config-error.ts';
export { isLiveKey } from './config/live-keys.ts';
export { type ConfigSources, loadConfig } from './config/load-config.ts';
export type { Log, LogFields, LogStream } from './log/log.ts';
export { Security } from './security.ts';
export { ListenError, Server, StorageError } from './server.ts';
