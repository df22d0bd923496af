/**
 * What the schema of a listener cannot say: which keys go with which type, which a type cannot do
 * without, and that its files are there and fit together.
 */

import { type ListenerConfig, type ListenerType, listenerTypes } from './config.ts';
import { isNetwork } from './is-network.ts';
import { credentialsOf, FileError } from './tls-files.ts';

/** A fault, at a key of the listener; '' is the listener itself. */
export interface ListenerFault {
  readonly key: string;
  /** Goes on from the path of the key. */
  readonly message: string;
}

const portTypes: readonly ListenerType[] = ['mqtt', 'mqtts', 'ws', 'wss'];
const tlsTypes: readonly ListenerType[] = ['mqtts', 'wss'];
const webSocketTypes: readonly ListenerType[] = ['ws', 'wss'];

const typesOf: Readonly<Record<keyof ListenerConfig, readonly ListenerType[]>> = {
  type: listenerTypes,
  backlog: listenerTypes,
  ack: listenerTypes,
  connectionsMax: listenerTypes,
  connectsPerSecond: listenerTypes,
  proxyProtocol: listenerTypes,
  handshakeTimeoutMs: listenerTypes,
  handshakesMax: listenerTypes,
  host: portTypes,
  port: portTypes,
  fd: portTypes,
  path: ['ws', 'wss', 'unix'],
  mode: ['unix'],
  origins: webSocketTypes,
  forwardedFor: webSocketTypes,
  messageBytesMax: webSocketTypes,
  cert: tlsTypes,
  key: tlsTypes,
  ocspResponse: tlsTypes,
  moreCertificates: tlsTypes,
  ca: tlsTypes,
  crl: tlsTypes,
  requireClientCert: tlsTypes,
  minVersion: tlsTypes,
  ciphers: tlsTypes,
  curves: tlsTypes,
};

function isTls({ type }: ListenerConfig): boolean {
  return tlsTypes.includes(type);
}

/**
 * @param listener as the schema let it through
 * @param given the keys that somebody has set
 */
export function listenerFaults(
  listener: ListenerConfig,
  given: readonly string[],
): readonly ListenerFault[] {
  const { type, path, requireClientCert, ca } = listener;
  const foreign = given
    .filter(key => !typesOf[key as keyof ListenerConfig].includes(type))
    .map(key => ({ key, message: `is not for type "${type}"; expected ${listed(key)}` }));
  const needed = isTls(listener) ? (['cert', 'key'] as const) : [];
  const lacking = needed
    .filter(key => listener[key] === undefined)
    .map(key => ({ key: '', message: `of type "${type}" lacks ${key}; expected a PEM file` }));
  const others: ListenerFault[] = [];
  if (type === 'unix' && path === undefined) {
    others.push({ key: '', message: 'of type "unix" lacks path; expected the file of a socket' });
  }
  if (webSocketTypes.includes(type) && path !== undefined && !path.startsWith('/')) {
    others.push({ key: 'path', message: `is ${JSON.stringify(path)}; expected /…` });
  }
  if (isTls(listener) && requireClientCert && ca === undefined) {
    others.push({ key: 'requireClientCert', message: 'needs ca, a PEM file' });
  }
  if (isTls(listener) && listener.crl !== undefined && ca === undefined) {
    others.push({ key: 'crl', message: 'needs ca, a PEM file' });
  }
  others.push(...networkFaults(listener));
  const faults = [...foreign, ...lacking, ...others];
  return faults.length === 0 && isTls(listener) ? fileFaults(listener) : faults;
}

function listed(key: string): string {
  return typesOf[key as keyof ListenerConfig].map(type => `"${type}"`).join(' or ');
}

function networkFaults(listener: ListenerConfig): ListenerFault[] {
  return (['proxyProtocol', 'forwardedFor'] as const).flatMap(key =>
    (listener[key] ?? []).flatMap((network, at) => {
      if (isNetwork(network)) return [];
      const message = `is ${JSON.stringify(network)}; expected a network as 10.0.0.0/8`;
      return [{ key: `${key}.${at}`, message }];
    }),
  );
}

function fileFaults(listener: ListenerConfig): ListenerFault[] {
  try {
    credentialsOf(listener);
    return [];
  } catch (error) {
    if (error instanceof FileError) return [{ key: error.key, message: error.fault }];
    throw error;
  }
}
