/** The options of `godwit bench`, and what they come to in each mode. */
import {
  type ConnectSettings,
  filterOfPattern,
  headerBytes,
  type IdleSettings,
  metricNames,
  parseThreshold,
  type ServerSettings,
  type Threshold,
  type TrafficMode,
  type TrafficSettings,
} from '@godwit/bench';
import type { ProtocolVersion, QoS } from '@godwit/protocol';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { protocolVersion } from '../arguments/connection-options.ts';
import { integer, qos, secondsToMs } from '../arguments/numbers.ts';
import { addServerOptions, type ServerValues, serverAddress } from '../arguments/server-options.ts';
import { UsageError } from '../usage-error.ts';

const trafficModes: readonly TrafficMode[] = ['pub', 'sub', 'pair', 'fan', 'share'];

export interface BenchValues extends ServerValues {
  readonly protocolVersion: ProtocolVersion;
  readonly keepalive: number;
  readonly sessionExpiry: number;
  readonly clients?: number;
  readonly publishers?: number;
  readonly subscribers?: number;
  readonly topic?: string;
  readonly filter?: string;
  readonly topics?: number;
  readonly topicsEach: number;
  readonly group?: string;
  readonly qos: QoS;
  readonly subscriberQos?: QoS;
  readonly size?: number;
  readonly message: string;
  readonly window?: number;
  readonly rate?: number;
  readonly inflight: number;
  readonly background: number;
  readonly concurrency: number;
  readonly ramp: number;
  readonly warmup: number;
  readonly duration: number;
  readonly pid?: number;
  readonly failIf: readonly Threshold[];
  readonly json?: boolean;
  readonly html?: string;
  readonly quiet?: boolean;
}

const clientsMax = 1_000_000;
const payloadMax = 16 * 1024 * 1024;
const payloadDefault = 64;
const windowDefault = 100;
const topicDefault = 'bench/%d';
const connectTimeoutMs = 30_000;
const keepAliveMax = 65_535;
const expiryMax = 0xffff_ffff;

export function benchParser(): Command {
  const parser = new Command('godwit bench')
    .usage('<mode> [options]')
    .description('Loads a server and measures it.')
    .addArgument(
      new Argument('<mode>', 'what to do').choices([...trafficModes, 'connect', 'idle']),
    );
  addConnectionOptions(addServerOptions(parser, '127.0.0.1'));
  addTrafficOptions(parser);
  return addRunOptions(parser).addHelpText('after', modesHelp);
}

function addConnectionOptions(parser: Command): Command {
  return parser
    .option('-V, --protocol-version <version>', '5, 311 or 31', protocolVersion, 5)
    .option('-k, --keepalive <seconds>', '0: no pings', integer(0, keepAliveMax), 0)
    .option('--session-expiry <seconds>', 'sessions outlive connections', integer(0, expiryMax), 0)
    .option('--concurrency <count>', 'connections in the making', integer(1, 10_000), 64)
    .option('--ramp <seconds>', 'spread connecting over this time', secondsToMs, 0);
}

function addTrafficOptions(parser: Command): Command {
  const count = integer(1, clientsMax);
  return parser
    .option('-n, --clients <count>', 'clients of each kind', count)
    .option('--publishers <count>', 'clients that publish', count)
    .option('--subscribers <count>', 'clients that subscribe', count)
    .option('-t, --topic <pattern>', '%d: number of the client, %t: of its topic')
    .option('--filter <pattern>', 'filter of the subscribers; fits the topic by default')
    .option('--topics <count>', 'values that %d takes', count)
    .option('--topics-each <count>', 'topics of a publisher, in turn', integer(1, 10_000), 1)
    .option('--group <name>', 'name of the shared subscription')
    .option('-q, --qos <qos>', '0, 1 or 2', qos, 0)
    .option('--subscriber-qos <qos>', 'of the subscriptions; as -q by default', qos)
    .option('-s, --size <bytes>', `payload, ${headerBytes} B of header included`, payloadSize)
    .option('-m, --message <text>', 'fills the payload behind the header', '')
    .option('-w, --window <count>', 'messages under way for each publisher', count)
    .option('-r, --rate <count>', 'messages per second, of all publishers', integer(1, 10 ** 8))
    .option('--inflight <count>', 'unacknowledged messages, QoS 1 and 2', integer(1, 32_767), 1000)
    .option('--background <count>', 'subscriptions that match nothing', integer(0, 10 ** 7), 0);
}

function addRunOptions(parser: Command): Command {
  return parser
    .option('-d, --duration <seconds>', 'how long to measure', secondsToMs, 10_000)
    .option('--warmup <seconds>', 'how long to run before', secondsToMs, 1_000)
    .option('--pid <pid>', "the server's process, for its CPU and memory", integer(1, 2 ** 31 - 1))
    .option('--fail-if <condition...>', "end with 3 if so, as 'p99>5ms' 'lost>0'", threshold, [])
    .option('--json', 'print the result as JSON')
    .option('--html <file>', 'write a page with charts')
    .option('--quiet', 'show nothing while it runs');
}

const modesHelp = `
Modes:
  pub      -n clients publish, nobody receives
  sub      -n clients receive what others publish
  pair     -n publishers, a subscriber for each
  fan      from 1 publisher to -n subscribers; turn it round with --publishers and --subscribers
  share    -n publishers to a shared subscription of -n members
  connect  connect, be accepted, disconnect, again and again
  idle     hold -n connections with a subscription each

Conditions of --fail-if are about ${metricNames.join(', ')}.`;

/** @throws UsageError for options that do not go together */
export function serverSettings(values: BenchValues): ServerSettings {
  const { keepalive, concurrency } = values;
  return {
    ...serverAddress(values),
    version: values.protocolVersion,
    keepAliveSeconds: keepalive,
    sessionExpirySeconds: values.sessionExpiry,
    connectTimeoutMs,
    concurrency,
  };
}

/** @throws UsageError for options that do not go together */
export function trafficSettings(mode: TrafficMode, values: BenchValues): TrafficSettings {
  const { window, rate, message, group } = values;
  if (window !== undefined && rate !== undefined) {
    throw new UsageError('-w is for closed loops, -r for open ones: give only one of them');
  }
  if (group !== undefined && mode !== 'share') throw new UsageError('--group needs mode share');
  const { publishers, subscribers } = casting(mode, values);
  const topic = values.topic ?? values.url?.topic ?? topicDefault;
  const size = message === '' ? payloadDefault : headerBytes + Buffer.byteLength(message);
  const isOneTopic = mode === 'fan' || mode === 'share';
  return {
    server: serverSettings(values),
    publishers,
    subscribers,
    topic,
    filter: values.filter ?? filterOfPattern(topic),
    topics: values.topics ?? (isOneTopic ? 1 : publishers || subscribers),
    topicsEach: values.topicsEach,
    ...(mode === 'share' && { share: group ?? 'bench' }),
    qos: values.qos,
    subscriberQos: values.subscriberQos ?? values.qos,
    payloadBytes: values.size ?? size,
    text: message,
    window: window ?? windowDefault,
    ...(rate !== undefined && { rate }),
    inflight: values.inflight,
    rampMs: values.ramp,
    warmUpMs: values.warmup,
    durationMs: measuredMs(values),
    backgroundFilters: values.background,
    ...pidOf(values),
  };
}

export function connectSettings(values: BenchValues): ConnectSettings {
  const server = serverSettings(values);
  return {
    server: { ...server, concurrency: values.clients ?? server.concurrency },
    warmUpMs: values.warmup,
    durationMs: measuredMs(values),
    ...pidOf(values),
  };
}

export function idleSettings(values: BenchValues): IdleSettings {
  return {
    server: serverSettings(values),
    connections: values.clients ?? 5_000,
    rampMs: values.ramp,
    durationMs: measuredMs(values),
    ...pidOf(values),
  };
}

/** Who takes part, as far as the mode says and the options do not. */
function casting(
  mode: TrafficMode,
  values: BenchValues,
): Record<'publishers' | 'subscribers', number> {
  const { clients } = values;
  const usual = {
    pub: { publishers: clients ?? 1, subscribers: 0 },
    sub: { publishers: 0, subscribers: clients ?? 1 },
    pair: { publishers: clients ?? 10, subscribers: clients ?? 10 },
    fan: { publishers: 1, subscribers: clients ?? 100 },
    share: { publishers: clients ?? 10, subscribers: clients ?? 10 },
  }[mode];
  const lacks = (kind: 'publishers' | 'subscribers'): boolean =>
    usual[kind] === 0 && values[kind] !== undefined;
  if (lacks('publishers')) throw new UsageError('mode sub has no publishers; expected mode pair');
  if (lacks('subscribers')) throw new UsageError('mode pub has no subscribers; expected mode pair');
  return {
    publishers: values.publishers ?? usual.publishers,
    subscribers: values.subscribers ?? usual.subscribers,
  };
}

function measuredMs({ duration }: BenchValues): number {
  if (duration > 0) return duration;
  throw new UsageError('-d is 0; expected a time to measure');
}

function pidOf({ pid }: BenchValues): { pid?: number } {
  return pid === undefined ? {} : { pid };
}

function payloadSize(text: string): number {
  return integer(headerBytes, payloadMax)(text);
}

function threshold(text: string, before: readonly Threshold[]): readonly Threshold[] {
  try {
    return [...before, parseThreshold(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
