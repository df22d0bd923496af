/** The options of MQTT.js's `connect`, and what they are called here. */
import type { TlsClientOptions } from '@godwit/transport/node';
import type { ClientOptions, WillOptions } from '../options.ts';
import { type MqttJsProperties, publishInit } from './properties.ts';

/** Options of MQTT.js that mean the same here. */
export interface MqttJsOptions {
  protocol?: 'mqtt' | 'mqtts' | 'tcp' | 'ssl' | 'tls' | 'ws' | 'wss';
  host?: string;
  hostname?: string;
  port?: number | string;
  path?: string;
  servers?: readonly { host: string; port: number; protocol?: MqttJsOptions['protocol'] }[];
  clientId?: string;
  username?: string;
  password?: string | Uint8Array;
  /** Seconds. Default: 60. */
  keepalive?: number;
  /** Default: true. */
  clean?: boolean;
  /** Default: 4, as in MQTT.js. */
  protocolVersion?: 3 | 4 | 5;
  /** Milliseconds; 0 does not reconnect. Default: 1,000. */
  reconnectPeriod?: number;
  /** Milliseconds. Default: 30,000. */
  connectTimeout?: number;
  will?: {
    topic: string;
    payload: string | Uint8Array;
    qos?: 0 | 1 | 2;
    retain?: boolean;
    properties?: MqttJsProperties & { willDelayInterval?: number };
  };
  properties?: {
    sessionExpiryInterval?: number;
    receiveMaximum?: number;
    maximumPacketSize?: number;
    topicAliasMaximum?: number;
    requestResponseInformation?: boolean;
    userProperties?: MqttJsProperties['userProperties'];
  };
  /** Messages of QoS 0 published offline: false rejects them. Default: true. */
  queueQoSZero?: boolean;
  /** Subscriptions are always renewed: only true is taken. */
  resubscribe?: true;
  autoUseTopicAlias?: boolean;
  ca?: string | Uint8Array;
  cert?: string | Uint8Array;
  key?: string | Uint8Array;
  rejectUnauthorized?: boolean;
  servername?: string;
}

export type MappedOptions = ClientOptions & { tls?: TlsClientOptions };

/** Known, and without meaning here: what they tune does not exist. */
const ignored: ReadonlySet<string> = new Set([
  'protocolId',
  'reschedulePings',
  'timerVariant',
  'autoAssignTopicAlias',
  'subscribeBatchSize',
  'writeCache',
  'browserBufferSize',
  'browserBufferTimeout',
  'log',
]);
const mapped: ReadonlySet<string> = new Set([
  ...['protocol', 'host', 'hostname', 'port', 'path', 'servers', 'clientId', 'username'],
  ...['password', 'keepalive', 'clean', 'protocolVersion', 'reconnectPeriod', 'connectTimeout'],
  ...['will', 'properties', 'queueQoSZero', 'resubscribe', 'autoUseTopicAlias', 'ca', 'cert'],
  ...['key', 'rejectUnauthorized', 'servername'],
]);
const mappedProperties: ReadonlySet<string> = new Set([
  ...['sessionExpiryInterval', 'receiveMaximum', 'maximumPacketSize', 'topicAliasMaximum'],
  ...['requestResponseInformation', 'userProperties'],
]);

const utf8 = new TextDecoder();

/** Options of `createClient`. @throws TypeError for an option that has no meaning here */
export function clientOptions(options: MqttJsOptions, clientId: string): MappedOptions {
  requireKnown(options);
  const { properties = {}, protocolVersion = 4, reconnectPeriod = 1_000, clean = true } = options;
  const { keepalive = 60, connectTimeout, will, queueQoSZero = true } = options;
  const expiry = properties.sessionExpiryInterval;
  const tls = tlsOptions(options);
  return {
    clientId,
    protocolVersion,
    keepAliveMs: keepalive * 1000,
    connectTimeoutMs: connectTimeout,
    session: {
      cleanStart: clean,
      expiryMs: expiry === 0xffff_ffff ? 'never' : expiry === undefined ? undefined : expiry * 1000,
    },
    reconnect: reconnectPeriod > 0 && {
      minMs: reconnectPeriod,
      maxMs: reconnectPeriod,
      jitter: 'none',
    },
    queue: { qos0Offline: queueQoSZero ? 'queue' : 'reject' },
    topicAliases: {
      outbound: options.autoUseTopicAlias ? 'auto' : 'off',
      inboundMaximum: properties.topicAliasMaximum,
    },
    receiveMaximum: properties.receiveMaximum,
    maximumPacketSize: properties.maximumPacketSize,
    requests: { responseInformation: properties.requestResponseInformation },
    userProperties: publishInit({ userProperties: properties.userProperties }).userProperties,
    ...(will !== undefined && { will: willOptions(will) }),
    ...(tls !== undefined && { tls }),
  };
}

/** The URLs to connect to. @throws TypeError when they do not say where to */
export function serverUrls(options: MqttJsOptions, url?: string): URL[] {
  const secure = options.cert !== undefined || options.key !== undefined;
  const { protocol = secure ? 'mqtts' : 'mqtt', port, path = '' } = options;
  const { hostname = options.host ?? 'localhost', servers } = options;
  const write = (scheme: string, host: string, at?: number | string): URL => {
    const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    return new URL(`${schemes[scheme] ?? scheme}://${name}${at ? `:${at}` : ''}${path}`);
  };
  if (servers !== undefined) {
    return servers.map(server => write(server.protocol ?? protocol, server.host, server.port));
  }
  if (url === undefined) return [write(protocol, hostname, port)];
  const [scheme] = url.split(':');
  return [new URL(url.replace(scheme, schemes[scheme] ?? scheme))];
}

const schemes: Readonly<Record<string, string>> = { tcp: 'mqtt', ssl: 'mqtts', tls: 'mqtts' };

function requireKnown(options: MqttJsOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || ignored.has(name)) continue;
    if (!mapped.has(name)) throw unsupported(`option '${name}'`);
  }
  for (const [name, value] of Object.entries(options.properties ?? {})) {
    if (value !== undefined && !mappedProperties.has(name)) throw unsupported(`property '${name}'`);
  }
  if (options.resubscribe !== undefined && !options.resubscribe) {
    throw unsupported(`'resubscribe: false'`);
  }
}

export function unsupported(what: string): TypeError {
  return new TypeError(`${what} of MQTT.js has no counterpart here; see @godwit/client itself`);
}

function willOptions({
  properties = {},
  ...will
}: NonNullable<MqttJsOptions['will']>): WillOptions {
  const { willDelayInterval, ...rest } = properties;
  return {
    ...will,
    ...publishInit(rest),
    delayMs: willDelayInterval === undefined ? undefined : willDelayInterval * 1000,
  };
}

function tlsOptions(options: MqttJsOptions): TlsClientOptions | undefined {
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  const pem = (value: string | Uint8Array | undefined): string | undefined =>
    value instanceof Uint8Array ? utf8.decode(value) : value;
  const given = { ca: pem(ca), cert: pem(cert), key: pem(key), rejectUnauthorized };
  const tls = { ...given, serverName: servername };
  return Object.values(tls).some(value => value !== undefined) ? tls : undefined;
}
