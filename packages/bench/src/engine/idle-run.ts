/** Opens many connections, each with a subscription, and holds them: what one costs at rest. */
import { processUsage } from '../measure/process-usage.ts';
import { type Usage, UsageMeter } from '../measure/usage-meter.ts';
import { Fleet } from './fleet.ts';
import { type RunContext, runName } from './run-context.ts';
import type { ServerSettings } from './server-settings.ts';
import { sleep } from './sleep.ts';
import { Tick } from './tick.ts';

export interface IdleSettings {
  readonly server: ServerSettings;
  readonly connections: number;
  readonly rampMs: number;
  /** How long they are held. */
  readonly durationMs: number;
  readonly pid?: number;
}

export interface IdleResult {
  readonly connections: number;
  /** Connections made a second, subscription included. */
  readonly connectRate: number;
  /** Seconds they were held. */
  readonly seconds: number;
  /** Still open at the end. */
  readonly open: number;
  /** Growth of the server's memory for each; null where its process is not known. */
  readonly bytesEach: number | null;
  /** While they were held. */
  readonly usage: Usage;
}

/** Opened before measuring: a server's first connections make it allocate what all will share. */
const firstMax = 500;
/** Between opening and reading memory. */
const settleMs = 1_500;

/** @throws Error when a connection or subscription fails, or the process does not exist */
export async function runIdle(settings: IdleSettings, context: RunContext): Promise<IdleResult> {
  const { server, connections, rampMs, durationMs, pid } = settings;
  const { clock, signal } = context;
  const tick = new Tick(clock);
  const name = runName(context.random.uint32());
  const first = Math.min(firstMax, Math.floor(connections / 4));
  const fleet = new Fleet(server, tick);
  const open = async (count: number, group: string): Promise<void> => {
    await fleet.open({
      ...{ count, idPrefix: `${name}-${group}`, rampMs, signal },
      use: ({ link }, index) => link.subscribe([`${name}/${group}/${index}`], 0),
    });
  };
  try {
    await open(first, 'first');
    await sleep(clock, settleMs, signal);
    const before = pid === undefined ? undefined : processUsage(pid);
    const startMs = clock.monotonicMs();
    await open(connections - first, 'rest');
    const openedMs = clock.monotonicMs() - startMs;
    await sleep(clock, settleMs, signal);
    const meter = new UsageMeter(pid);
    const heldMs = clock.monotonicMs();
    await hold(fleet, server, durationMs, context);
    const seconds = Math.max(0.001, (clock.monotonicMs() - heldMs) / 1000);
    const usage = meter.read(seconds, 0);
    const grown = (usage.server?.rssBytes ?? 0) - (before?.rssBytes ?? 0);
    return {
      connections,
      connectRate: ((connections - first) * 1000) / Math.max(1, openedMs),
      seconds,
      open: fleet.links.filter(({ isOpen }) => isOpen).length,
      bytesEach: before === undefined ? null : grown / (connections - first),
      usage,
    };
  } finally {
    await fleet.close();
  }
}

async function hold(
  { links }: Fleet,
  { keepAliveSeconds }: ServerSettings,
  durationMs: number,
  { clock, signal }: RunContext,
): Promise<void> {
  const endMs = clock.monotonicMs() + durationMs;
  while (clock.monotonicMs() < endMs && !signal.aborted) {
    const leftMs = endMs - clock.monotonicMs();
    const pauseMs = keepAliveSeconds === 0 ? leftMs : Math.min(leftMs, keepAliveSeconds * 500);
    await sleep(clock, pauseMs, signal);
    if (leftMs > pauseMs) for (const link of links) link.ping();
  }
}
