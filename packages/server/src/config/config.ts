/**
 * What a server is configured with, and the defaults. Free of imports that cost time, because a
 * server on its defaults starts without the schema.
 */

import type { CertificateName } from '@godwit/auth';
import {
  type AckLevel,
  type AckRule,
  type BanRequest,
  defaultFeatures,
  defaultLimits,
  type Features,
  type Limits,
  type PublishRatePolicy,
  type QueueFullPolicy,
  type SharedStrategyName,
} from '@godwit/broker';

/** MQTT over TCP, over TLS, over WebSocket, over WebSocket with TLS, over a Unix socket. */
export const listenerTypes = ['mqtt', 'mqtts', 'ws', 'wss', 'unix'] as const;
export type ListenerType = (typeof listenerTypes)[number];

/** Files of a certificate and its key, in PEM, and of what its authority says of it, in DER. */
export interface CertificateConfig {
  readonly cert: string;
  readonly key: string;
  readonly ocspResponse?: string | undefined;
}

/** Which key goes with which type: see `listener-rules.ts`. */
export interface ListenerConfig extends Partial<CertificateConfig> {
  readonly type: ListenerType;
  readonly host: string;
  readonly port: number;
  readonly fd?: number;
  readonly backlog: number;
  readonly proxyProtocol?: readonly string[];
  readonly handshakeTimeoutMs?: number;
  readonly handshakesMax?: number;
  readonly path?: string;
  readonly mode?: string;
  readonly origins?: readonly string[];
  readonly forwardedFor?: readonly string[];
  readonly messageBytesMax?: number;
  readonly moreCertificates?: readonly CertificateConfig[];
  readonly ca?: string;
  readonly crl?: readonly string[];
  readonly requireClientCert?: boolean;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  readonly ack?: AckLevel;
  readonly connectionsMax?: number;
  readonly connectsPerSecond?: number;
  readonly curves?: string;
}

export interface LogConfig {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly format: 'pretty' | 'json';
}

export interface AuthConfig {
  readonly allowAnonymous?: 'loopback' | 'always' | 'never' | undefined;
  readonly timeoutMs: number;
  readonly checksMax: number;
  readonly checksWaitingMax: number;
}

export const authenticatorTypes = ['password', 'certificate', 'jwt', 'http', 'ldap'] as const;
export type AuthenticatorType = (typeof authenticatorTypes)[number];

/** Which key goes with which type: see `authenticator-rules.ts`. */
export interface AuthenticatorConfig {
  readonly type: AuthenticatorType;
  readonly onError: 'refuse' | 'next';
  readonly file?: string | undefined;
  readonly identity?: CertificateName | undefined;
  readonly secretFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly jwksUrl?: string | undefined;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  readonly leewaySeconds?: number | undefined;
  readonly tokenIn?: 'password' | 'username' | undefined;
  readonly usernameClaim?: string | undefined;
  readonly groupsClaim?: string | undefined;
  readonly aclClaim?: string | undefined;
  readonly url?: string | undefined;
  readonly bearerFile?: string | undefined;
  readonly cacheSeconds?: number | undefined;
  readonly cacheDeniedSeconds?: number | undefined;
  readonly cacheEntriesMax?: number | undefined;
  readonly requestsMax?: number | undefined;
  readonly userDn?: string | undefined;
  readonly searchBase?: string | undefined;
  readonly searchFilter?: string | undefined;
  readonly bindDn?: string | undefined;
  readonly bindPasswordFile?: string | undefined;
  readonly groupAttribute?: string | undefined;
  readonly ca?: string | undefined;
}

export interface AclConfig {
  readonly file?: string | undefined;
  readonly mosquittoFile?: string | undefined;
}

export interface DeliveryConfig {
  readonly sharedStrategy: SharedStrategyName;
  readonly queueFullPolicy: QueueFullPolicy;
  readonly publishRatePolicy: PublishRatePolicy;
  readonly checkPayloadFormat: boolean;
}

export interface StorageConfig {
  /** Without it everything is kept in memory. */
  readonly dataDir?: string;
  readonly ack: AckLevel;
  readonly ackRules: readonly AckRule[];
  readonly bytesMax: number;
  readonly cacheBytesMax: number;
}

export const adminScopes = ['metrics', 'read', 'write'] as const;
export type AdminScope = (typeof adminScopes)[number];

/** Either `sha256` or `file` is given. */
export interface AdminTokenConfig {
  readonly name: string;
  readonly sha256?: string | undefined;
  readonly file?: string | undefined;
  readonly scopes: readonly AdminScope[];
  readonly expires?: string | undefined;
}

export interface AdminConfig {
  readonly host: string;
  /** Without it there is no admin listener. */
  readonly port?: number | undefined;
  readonly tokens: readonly AdminTokenConfig[];
  readonly requestsPerSecondMax: number;
}

export interface SysConfig {
  readonly intervalSeconds: number;
}

export interface ShutdownConfig {
  readonly serverReference?: string | undefined;
}

/** Every key and its meaning: see the configuration reference. */
export interface Config {
  readonly listeners: readonly ListenerConfig[];
  readonly bans: readonly BanRequest[];
  readonly auth: AuthConfig;
  readonly authenticators: readonly AuthenticatorConfig[];
  readonly acl: AclConfig;
  readonly log: LogConfig;
  readonly delivery: DeliveryConfig;
  readonly storage: StorageConfig;
  readonly admin: AdminConfig;
  readonly sys: SysConfig;
  readonly shutdown: ShutdownConfig;
  readonly features: Features;
  readonly limits: Limits;
}

export const defaultListener: ListenerConfig = {
  type: 'mqtt',
  host: '127.0.0.1',
  port: 1883,
  backlog: 1024,
};

/** Where a listener listens whose configuration says no port. */
export const defaultPorts: Readonly<Record<ListenerType, number>> = {
  mqtt: defaultListener.port,
  mqtts: 8883,
  ws: 8080,
  wss: 8443,
  unix: 0,
};

/** Of the URL, for `ws` and `wss`. */
export const defaultWebSocketPath = '/mqtt';

export const defaultConfig: Config = {
  listeners: [defaultListener],
  auth: { timeoutMs: 5_000, checksMax: 2, checksWaitingMax: 500 },
  authenticators: [],
  acl: {},
  bans: [],
  log: { level: 'info', format: 'pretty' },
  delivery: {
    sharedStrategy: 'round-robin',
    queueFullPolicy: 'drop-newest',
    publishRatePolicy: 'delay',
    checkPayloadFormat: false,
  },
  storage: { ack: 'disk', ackRules: [], bytesMax: 8 * 1024 ** 3, cacheBytesMax: 64 * 1024 ** 2 },
  admin: { host: '127.0.0.1', tokens: [], requestsPerSecondMax: 100 },
  sys: { intervalSeconds: 0 },
  shutdown: {},
  features: defaultFeatures,
  limits: defaultLimits,
};

/** A TCP port; 0 lets the system choose. */
export const portMax = 65_535;

/** What variables of the environment begin with that are meant for the configuration. */
export const environmentPrefix = 'GODWIT__';
