/**
 * What a server is configured with, and the defaults. Free of imports that cost time, because a
 * server on its defaults starts without the schema.
 */
import {
  defaultFeatures,
  defaultLimits,
  type Features,
  type Limits,
  type SharedStrategyName,
} from '@godwit/broker';

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

export interface DeliveryConfig {
  readonly sharedStrategy: SharedStrategyName;
  readonly checkPayloadFormat: boolean;
}

/** Every key and its meaning: see the configuration reference. */
export interface Config {
  readonly listeners: readonly ListenerConfig[];
  readonly auth: AuthConfig;
  readonly log: LogConfig;
  readonly delivery: DeliveryConfig;
  readonly features: Features;
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
  delivery: { sharedStrategy: 'round-robin', checkPayloadFormat: false },
  features: defaultFeatures,
  limits: defaultLimits,
};

/** A TCP port; 0 lets the system choose. */
export const portMax = 65_535;

/** What variables of the environment begin with that are meant for the configuration. */
export const environmentPrefix = 'GODWIT__';
