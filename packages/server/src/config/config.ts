/**
 * What a server is configured with, and the defaults. Free of imports that cost time, because a
 * server on its defaults starts without the schema.
 */
import { defaultLimits, type Limits } from '@godwit/broker';

export interface ListenerConfig {
  readonly type: 'mqtt';
  readonly host: string;
  readonly port: number;
  readonly backlog: number;
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'pretty' | 'json';
}

export interface AuthConfig {
  readonly allowAnonymous: 'loopback' | 'always';
}

/** Every key and its meaning: see the configuration reference. */
export interface Config {
  readonly listeners: readonly ListenerConfig[];
  readonly auth: AuthConfig;
  readonly log: LogConfig;
  readonly limits: Limits;
}

export const defaultListener: ListenerConfig = {
  type: 'mqtt',
  host: '127.0.0.1',
  port: 1883,
  backlog: 1024,
};

export const defaultConfig: Config = {
  listeners: [defaultListener],
  auth: { allowAnonymous: 'loopback' },
  log: { level: 'info', format: 'pretty' },
  limits: defaultLimits,
};

/** A TCP port; 0 lets the system choose. */
export const portMax = 65_535;

/** What variables of the environment begin with that are meant for the configuration. */
export const environmentPrefix = 'GODWIT__';
