/** A run with messages, from the first connection to the last delivery. */
import { LatencyHistogram } from '../measure/latency-histogram.ts';
import { processUsage } from '../measure/process-usage.ts';
import type { Sample } from '../measure/sample.ts';
import { UsageMeter } from '../measure/usage-meter.ts';
import { Fleet } from './fleet.ts';
import { Ledger } from './ledger.ts';
import { Pacer } from './pacer.ts';
import type { RunContext } from './run-context.ts';
import { sleep } from './sleep.ts';
import { Tick } from './tick.ts';
import { openTrafficClients, type TrafficClients } from './traffic-clients.ts';
import type { TrafficResult } from './traffic-result.ts';
import type { TrafficSettings } from './traffic-settings.ts';

/** Without a delivery for so long, what is under way counts as lost. */
const patienceMs = 1_000;
const drainMsMax = 30_000;
const drainPollMs = 20;
const sampleMsMin = 100;
const sampleMsMax = 1_000;
/** Samples there shall be at least, where they need not be closer than `sampleMsMin`. */
const samplesWanted = 40;

/**
 * Makes the traffic and measures it.
 *
 * @throws Error when a connection or subscription fails before it begins
 * @throws RangeError for settings that do not go together
 */
export async function runTraffic(
  settings: TrafficSettings,
  context: RunContext,
): Promise<TrafficResult> {
  const ledger = new Ledger();
  const tick = new Tick(context.clock);
  const fleet = new Fleet(settings.server, tick);
  try {
    const clients = await openTrafficClients(settings, fleet, ledger, tick, context);
    return await new TrafficRun(settings, context, fleet, ledger, tick, clients).measure();
  } finally {
    await fleet.close();
  }
}

/** Counters at the beginning of measurement. */
interface Mark {
  readonly atMs: number;
  readonly sent: number;
  readonly received: number;
  readonly receivedBytes: number;
  readonly acknowledged: number;
}

class TrafficRun {
  readonly #settings: TrafficSettings;
  readonly #context: RunContext;
  readonly #fleet: Fleet;
  readonly #ledger: Ledger;
  readonly #tick: Tick;
  readonly #clients: TrafficClients;
  readonly #latency: LatencyHistogram;
  readonly #samples: Sample[];
  #pacer: Pacer | null;
  #startMs: number;
  #previous: Mark;
  #lookedMs: number;
  #pingedMs: number;

  constructor(
    settings: TrafficSettings,
    context: RunContext,
    fleet: Fleet,
    ledger: Ledger,
    tick: Tick,
    clients: TrafficClients,
  ) {
    this.#settings = settings;
    this.#context = context;
    this.#fleet = fleet;
    this.#ledger = ledger;
    this.#tick = tick;
    this.#clients = clients;
    this.#latency = new LatencyHistogram();
    this.#samples = [];
    this.#pacer = null;
    this.#startMs = context.clock.monotonicMs();
    this.#previous = this.#mark();
    this.#lookedMs = this.#startMs;
    this.#pingedMs = this.#startMs;
  }

  async measure(): Promise<TrafficResult> {
    const { warmUpMs, durationMs, pid } = this.#settings;
    this.#startMs = this.#context.clock.monotonicMs();
    this.#previous = this.#mark();
    this.#start();
    await this.#watch(warmUpMs, false);
    const meter = new UsageMeter(pid);
    const begin = this.#mark();
    this.#ledger.interval.reset();
    await this.#watch(durationMs, true);
    const end = this.#mark();
    const seconds = (end.atMs - begin.atMs) / 1000;
    const received = end.received - begin.received;
    const sent = end.sent - begin.sent;
    const usage = meter.read(seconds, received > 0 ? received : sent);
    await this.#drain();
    const acknowledged = end.acknowledged - begin.acknowledged;
    const hasReceivers = this.#settings.subscribers > 0;
    return {
      seconds,
      sent,
      sentRate: sent / seconds,
      received,
      receivedRate: received / seconds,
      receivedBytesRate: (end.receivedBytes - begin.receivedBytes) / seconds,
      acknowledged,
      acknowledgedRate: acknowledged / seconds,
      latency: this.#latency.count === 0 ? null : this.#latency.summary(),
      latencyTo: hasReceivers ? 'delivery' : 'acknowledgement',
      checked: this.#checked(),
      usage,
      samples: this.#samples,
    };
  }

  #start(): void {
    const { rate } = this.#settings;
    const { publishers } = this.#clients;
    if (rate !== undefined) {
      this.#pacer = new Pacer(publishers, rate, this.#tick);
      this.#pacer.start();
    } else for (const publisher of publishers) publisher.start(this.#tick.nowUs());
  }

  /** Takes samples and does what is to be done at times, for so long. */
  async #watch(forMs: number, isMeasured: boolean): Promise<void> {
    const { clock, signal } = this.#context;
    const endMs = clock.monotonicMs() + forMs;
    const sampleMs = Math.min(sampleMsMax, Math.max(sampleMsMin, forMs / samplesWanted));
    for (;;) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted || !this.#hasOpenClients()) return;
      await sleep(clock, Math.min(sampleMs, leftMs), signal);
      this.#sample(isMeasured);
      this.#look();
    }
  }

  #hasOpenClients(): boolean {
    const { publishers, subscribers } = this.#clients;
    return publishers.length > 0
      ? publishers.some(({ isOpen }) => isOpen)
      : subscribers.some(({ isOpen }) => isOpen);
  }

  #sample(isMeasured: boolean): void {
    const { interval } = this.#ledger;
    const { pid } = this.#settings;
    const before = this.#previous;
    const now = this.#mark();
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
    const sample: Sample = {
      atMs: now.atMs - this.#startMs,
      isMeasured,
      sentRate: (now.sent - before.sent) / seconds,
      receivedRate: (now.received - before.received) / seconds,
      p50Us: interval.quantileUs(0.5),
      p99Us: interval.quantileUs(0.99),
      ...(pid !== undefined && { rssBytes: processUsage(pid).rssBytes }),
    };
    if (isMeasured) this.#latency.add(interval);
    interval.reset();
    this.#previous = now;
    this.#samples.push(sample);
    this.#context.onSample?.(sample);
  }

  /** Gives up what has been under way for too long, and keeps connections alive. */
  #look(): void {
    const nowMs = this.#context.clock.monotonicMs();
    const { publishers, keepAliveSeconds } = this.#clients;
    if (nowMs - this.#lookedMs >= patienceMs) {
      this.#lookedMs = nowMs;
      for (const publisher of publishers) this.#ledger.givenUp += publisher.giveUp();
    }
    if (keepAliveSeconds === 0 || nowMs - this.#pingedMs < keepAliveSeconds * 500) return;
    this.#pingedMs = nowMs;
    for (const link of this.#fleet.links) link.ping();
  }

  /** Waits for what is under way, as long as some of it arrives. */
  async #drain(): Promise<void> {
    const { clock } = this.#context;
    this.#pacer?.stop();
    for (const publisher of this.#clients.publishers) publisher.stop();
    const endMs = clock.monotonicMs() + drainMsMax;
    let progress = -1;
    let progressMs = clock.monotonicMs();
    for (;;) {
      const { received, acknowledged } = this.#ledger;
      const nowMs = clock.monotonicMs();
      if (received + acknowledged !== progress) progressMs = nowMs;
      progress = received + acknowledged;
      const isOver = nowMs - progressMs >= patienceMs || nowMs > endMs;
      if (this.#missing() <= 0 || isOver) return;
      await sleep(clock, drainPollMs);
    }
  }

  /** Deliveries still to come. */
  #missing(): number {
    const expected = this.#expected();
    return expected === null ? 0 : expected - this.#ledger.unique;
  }

  #expected(): number | null {
    const { publishers } = this.#clients;
    if (publishers.length === 0) return null;
    return publishers.reduce((sum, { sent, fan }) => sum + sent * fan, 0);
  }

  #checked(): TrafficResult['checked'] {
    const { duplicates, reordered, refused, foreign, givenUp, closed } = this.#ledger;
    const isShared = this.#settings.share !== undefined;
    return {
      expected: this.#expected(),
      lost: this.#settings.publishers > 0 ? this.#missing() : this.#gaps(),
      duplicates,
      reordered: isShared ? null : reordered,
      refused,
      foreign,
      givenUp,
      closed,
    };
  }

  /** Publishers are elsewhere: what is missing between the numbers that came. */
  #gaps(): number {
    const checks = new Set(this.#clients.subscribers.flatMap(one => [...one.checks.values()]));
    return [...checks].reduce((sum, { missing }) => sum + missing, 0);
  }

  #mark(): Mark {
    const { sent, received, receivedBytes, acknowledged } = this.#ledger;
    const atMs = this.#context.clock.monotonicMs();
    return { atMs, sent, received, receivedBytes, acknowledged };
  }
}
