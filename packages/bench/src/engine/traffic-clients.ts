/** Brings up the clients of a run with messages: receivers first, then those who publish. */
import { markOf } from '../wire/payload-header.ts';
import { PublishBlock } from '../wire/publish-block.ts';
import { expandPattern } from '../wire/topic-pattern.ts';
import { Audience } from './audience.ts';
import type { Dialled } from './dial.ts';
import type { Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';
import { Publisher } from './publisher.ts';
import { type RunContext, runName } from './run-context.ts';
import { type SequenceChecks, Subscriber } from './subscriber.ts';
import type { Tick } from './tick.ts';
import type { TrafficSettings } from './traffic-settings.ts';

const blockBytesMax = 64 * 1024;
/** All blocks together. */
const blocksBytesMax = 512 * 1024 * 1024;
/** Filters of one SUBSCRIBE, and of one connection, when they only make up the background. */
const filtersPerPacket = 50;
const filtersPerLink = 1_000;

/** The clients of a run that do something; others only hold subscriptions. */
export interface TrafficClients {
  readonly publishers: Publisher[];
  readonly subscribers: readonly Subscriber[];
  /** Seconds between pings that the server wants from at least one of them; 0: none. */
  readonly keepAliveSeconds: number;
}

/** @throws Error the first connection or subscription that fails */
export async function openTrafficClients(
  settings: TrafficSettings,
  fleet: Fleet,
  ledger: Ledger,
  tick: Tick,
  context: RunContext,
): Promise<TrafficClients> {
  const { server, share } = settings;
  const run = context.random.uint32();
  const name = runName(run);
  const mark = markOf(run);
  const publishers: Publisher[] = [];
  const expected = {
    mark: settings.publishers === 0 ? null : mark,
    publishers,
    isShared: share !== undefined,
  };
  const groupChecks: SequenceChecks | undefined = share === undefined ? undefined : new Map();
  const filters = Array.from({ length: settings.subscribers }, (_, i) =>
    expandPattern(settings.filter, i % settings.topics, 0),
  );
  const audience = new Audience(filters, share !== undefined);
  let keepAliveSeconds = server.keepAliveSeconds;
  const heed = ({ connack }: Dialled): void => {
    const asked = connack.properties?.serverKeepAlive ?? 0;
    if (asked > 0) keepAliveSeconds = Math.min(keepAliveSeconds || asked, asked);
  };
  const { rampMs } = settings;
  const { signal } = context;
  await openBackground(settings.backgroundFilters, fleet, signal, name);
  const subscribers = await fleet.open({
    ...{ count: settings.subscribers, idPrefix: `${name}-s`, rampMs, signal },
    use: async (dialled, index) => {
      heed(dialled);
      const subscriber = new Subscriber(dialled.link, ledger, expected, groupChecks ?? new Map());
      const filter = filters[index];
      const asked = share === undefined ? filter : `$share/${share}/${filter}`;
      await dialled.link.subscribe([asked], settings.subscriberQos);
      return subscriber;
    },
  });
  const opened = await fleet.open({
    ...{ count: settings.publishers, idPrefix: `${name}-p`, rampMs, signal },
    use: (dialled, index) => {
      heed(dialled);
      return publisherOf(dialled, index, settings, audience, mark, tick, ledger);
    },
  });
  publishers.push(...opened);
  return { publishers, subscribers, keepAliveSeconds };
}

function publisherOf(
  { link, connack }: Dialled,
  index: number,
  settings: TrafficSettings,
  audience: Audience,
  mark: number,
  tick: Tick,
  ledger: Ledger,
): Publisher {
  const { qos, window, inflight, rate, topicsEach, payloadBytes, text } = settings;
  const topics = Array.from({ length: topicsEach }, (_, t) =>
    expandPattern(settings.topic, index % settings.topics, t),
  );
  const inflightMax = Math.min(inflight, connack.properties?.receiveMaximum ?? inflight);
  const block = new PublishBlock({
    ...{ topics, qos, mark, publisher: index, payloadBytes, text },
    version: settings.server.version,
    burst: qos === 0 ? window : Math.min(window, inflightMax),
    bytesMax: Math.min(blockBytesMax, Math.floor(blocksBytesMax / settings.publishers)),
  });
  const pace = {
    ...{ qos, inflightMax, fan: audience.fanOf(topics) },
    window: rate === undefined ? window : Number.POSITIVE_INFINITY,
    intervalUs: rate === undefined ? 0 : (settings.publishers * 1e6) / rate,
  };
  return new Publisher(link, block, pace, tick, ledger);
}

/** Subscriptions that nothing matches, half of them without wildcards. */
async function openBackground(
  count: number,
  fleet: Fleet,
  signal: AbortSignal,
  name: string,
): Promise<void> {
  await fleet.open({
    ...{ count: Math.ceil(count / filtersPerLink), idPrefix: `${name}-b`, rampMs: 0, signal },
    use: async ({ link }, index) => {
      const end = Math.min(count, (index + 1) * filtersPerLink);
      for (let from = index * filtersPerLink; from < end; from += filtersPerPacket) {
        const length = Math.min(filtersPerPacket, end - from);
        const filters = Array.from({ length }, (_, i) => backgroundFilter(name, from + i));
        await link.subscribe(filters, 0);
      }
    },
  });
}

function backgroundFilter(name: string, index: number): string {
  const site = Math.floor(index / 100);
  const device = index % 100;
  switch (index % 8) {
    case 2:
    case 6:
      return `${name}/${site}/+/dev/${device}/temp`;
    case 3:
      return `${name}/${site}/${index}/#`;
    case 7:
      return `+/${name}/${index}/#`;
    default:
      return `${name}/${site}/${index}/dev/${device}/temp`;
  }
}
