/** The options that `pub` and `sub` share: which server, who we are, session and will. */
import type { CloseOptions, WillOptions } from '@godwit/client';
import type { NodeClientOptions } from '@godwit/client/node';
import type { QoS } from '@godwit/protocol';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../usage-error.ts';
import { splitProperty } from './join-properties.ts';
import { integer, qos, sessionExpiryMs } from './numbers.ts';
import { addProperty, noProperties, type PropertySets } from './properties.ts';
import { addServerOptions, type ServerValues, serverAddress } from './server-options.ts';

export interface ConnectionValues extends ServerValues {
  readonly id?: string;
  readonly idPrefix?: string;
  readonly protocolVersion: 3 | 4 | 5;
  readonly keepalive: number;
  readonly disableCleanSession?: boolean;
  readonly sessionExpiryInterval?: number | 'never';
  readonly property?: PropertySets;
  readonly willTopic?: string;
  readonly willPayload?: string;
  readonly willQos?: QoS;
  readonly willRetain?: boolean;
  readonly debug?: boolean;
}

/** How to connect, and how to say goodbye. */
export interface Connecting {
  readonly url: string;
  readonly options: NodeClientOptions;
  readonly closing: CloseOptions;
}

const keepAliveMax = 65_535;

const versions: Readonly<Record<string, 3 | 4 | 5>> = {
  5: 5,
  mqttv5: 5,
  4: 4,
  311: 4,
  mqttv311: 4,
  3: 3,
  31: 3,
  mqttv31: 3,
};

/** Adds the options; their values are {@link ConnectionValues}. */
export function addConnectionOptions(command: Command): Command {
  return addServerOptions(command, 'localhost')
    .option('-i, --id <id>', 'client id; else the server gives one')
    .option('-I, --id-prefix <prefix>', "client id: this, followed by the process's number")
    .option(
      '-V, --protocol-version <version>',
      '5, 311 or 31, also mqttv5 and so on',
      protocolVersion,
      5,
    )
    .option('-k, --keepalive <seconds>', 'longest silence', integer(0, keepAliveMax), 60)
    .option('-c, --disable-clean-session', 'go on with the session of this client id')
    .option(
      '-x, --session-expiry-interval <seconds>',
      'how long the session outlives the connection; -1: for ever',
      sessionExpiryMs,
    )
    .option(
      '-D, --property <packet name value>',
      'a property of MQTT 5, as -D publish content-type text/plain',
      property,
    )
    .option('--will-topic <topic>', 'the will: what the server publishes should we vanish')
    .option('--will-payload <text>', 'payload of the will')
    .option('--will-qos <qos>', 'QoS of the will', qos)
    .option('--will-retain', 'the will is to be retained')
    .option('-d, --debug', 'say what happens on the connection')
    .option('--quiet', 'say nothing when something fails, except about the options');
}

/** @throws UsageError for options that do not go together */
export function connecting(values: ConnectionValues): Connecting {
  const { protocolVersion, disableCleanSession = false, idPrefix } = values;
  const property = values.property ?? noProperties();
  if (values.id !== undefined && idPrefix !== undefined) {
    throw new UsageError('-i and -I exclude each other');
  }
  const clientId = idPrefix === undefined ? values.id : `${idPrefix}${process.pid}`;
  if (disableCleanSession && clientId === undefined) {
    throw new UsageError('-c goes on with the session of a client id: give one with -i');
  }
  const session = { cleanStart: !disableCleanSession, ...property.connect.session };
  if (values.sessionExpiryInterval !== undefined) session.expiryMs = values.sessionExpiryInterval;
  else if (disableCleanSession && protocolVersion === 5) session.expiryMs ??= 'never';
  const { url, tls, proxy, username, password } = serverAddress(values);
  return {
    url,
    options: {
      ...property.connect,
      protocolVersion,
      session,
      clientId,
      credentials: { username, password },
      tls,
      proxy,
      keepAliveMs: values.keepalive * 1000,
      // A lost connection ends the command: what runs it decides what comes then.
      reconnect: false,
      will: will(values, property),
    },
    closing: property.disconnect,
  };
}

function will(values: ConnectionValues, property: PropertySets): WillOptions | undefined {
  const { willTopic: topic, willPayload: payload, willQos, willRetain } = values;
  if (topic !== undefined) {
    return { ...property.will, topic, payload: payload ?? '', qos: willQos, retain: willRetain };
  }
  const isGiven = payload !== undefined || willQos !== undefined || willRetain !== undefined;
  if (!isGiven && Object.keys(property.will).length === 0) return undefined;
  throw new UsageError('a will needs a topic: give one with --will-topic');
}

/** A version by one of its names. */
export function protocolVersion(text: string): 3 | 4 | 5 {
  if (!Object.hasOwn(versions, text)) throw new InvalidArgumentError('Expected 5, 311 or 31.');
  return versions[text];
}

function property(argument: string, sets: PropertySets = noProperties()): PropertySets {
  addProperty(sets, splitProperty(argument));
  return sets;
}
