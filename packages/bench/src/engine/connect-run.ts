/** Connects, waits for CONNACK, disconnects, again and again: how many a second a server takes. */
import { LatencyHistogram, type LatencySummary } from '../measure/latency-histogram.ts';
import { processUsage } from '../measure/process-usage.ts';
import type { Sample } from '../measure/sample.ts';
import { type Usage, UsageMeter } from '../measure/usage-meter.ts';
import { dial } from './dial.ts';
import { type RunContext, runName } from './run-context.ts';
import { type ServerSettings, sourceAddress } from './server-settings.ts';
import { sleep } from './sleep.ts';
import { Tick } from './tick.ts';

export interface ConnectSettings {
  readonly server: ServerSettings;
  /** Connections in the making at a time are the server settings' `concurrency`. */
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly pid?: number;
}

export interface ConnectResult {
  readonly seconds: number;
  readonly connected: number;
  readonly connectRate: number;
  /** From the first packet of TCP to CONNACK. */
  readonly latency: LatencySummary | null;
  /** Attempts that failed. */
  readonly failed: number;
  /** What the first of them said. */
  readonly failure: string | null;
  readonly usage: Usage;
  readonly samples: readonly Sample[];
}

const sampleMs = 250;
/** After a failure a client waits before it tries again, as one should. */
const failureMs = 100;

/** @throws Error when the server's process does not exist, or nothing can be connected at all */
export async function runConnect(
  settings: ConnectSettings,
  context: RunContext,
): Promise<ConnectResult> {
  const run = new ConnectRun(settings, context);
  return run.measure();
}

class ConnectRun {
  readonly #settings: ConnectSettings;
  readonly #context: RunContext;
  readonly #tick: Tick;
  readonly #name: string;
  readonly #latency: LatencyHistogram;
  readonly #interval: LatencyHistogram;
  readonly #samples: Sample[];
  #connected: number;
  #serial: number;
  #failed: number;
  #failure: string | null;
  #isRunning: boolean;

  constructor(settings: ConnectSettings, context: RunContext) {
    this.#settings = settings;
    this.#context = context;
    this.#tick = new Tick(context.clock);
    this.#name = runName(context.random.uint32());
    this.#latency = new LatencyHistogram();
    this.#interval = new LatencyHistogram();
    this.#samples = [];
    this.#connected = 0;
    this.#serial = 0;
    this.#failed = 0;
    this.#failure = null;
    this.#isRunning = true;
  }

  async measure(): Promise<ConnectResult> {
    const { server, warmUpMs, durationMs, pid } = this.#settings;
    const { clock } = this.#context;
    // the first tells whether there is a server at all
    await this.#connectOnce(0);
    const workers = Array.from({ length: server.concurrency }, () => this.#work());
    await this.#watch(warmUpMs, false);
    const meter = new UsageMeter(pid);
    const beginMs = clock.monotonicMs();
    const before = this.#connected;
    await this.#watch(durationMs, true);
    const seconds = (clock.monotonicMs() - beginMs) / 1000;
    const connected = this.#connected - before;
    const usage = meter.read(seconds, connected);
    this.#isRunning = false;
    await Promise.all(workers);
    return {
      seconds,
      connected,
      connectRate: connected / seconds,
      latency: this.#latency.count === 0 ? null : this.#latency.summary(),
      failed: this.#failed,
      failure: this.#failure,
      usage,
      samples: this.#samples,
    };
  }

  async #work(): Promise<void> {
    while (this.#isRunning) {
      this.#serial += 1;
      try {
        await this.#connectOnce(this.#serial);
      } catch (error) {
        this.#failed += 1;
        this.#failure ??= (error as Error).message;
        await sleep(this.#context.clock, failureMs, this.#context.signal);
      }
    }
  }

  async #connectOnce(serial: number): Promise<void> {
    const { server } = this.#settings;
    const startUs = this.#tick.nowUs();
    // neighbours come from different addresses: a port that was closed rests for a minute
    const address = sourceAddress(server, serial, 1);
    const { link } = await dial(server, this.#tick, `${this.#name}-${serial}`, address);
    this.#interval.record(this.#tick.nowUs() - startUs);
    this.#connected += 1;
    link.close();
  }

  async #watch(forMs: number, isMeasured: boolean): Promise<void> {
    const { clock, signal, onSample } = this.#context;
    const { pid } = this.#settings;
    const endMs = clock.monotonicMs() + forMs;
    this.#interval.reset();
    while (clock.monotonicMs() < endMs && !signal.aborted) {
      const before = this.#connected;
      const beforeMs = clock.monotonicMs();
      await sleep(clock, Math.min(sampleMs, endMs - beforeMs), signal);
      const rate = ((this.#connected - before) * 1000) / (clock.monotonicMs() - beforeMs);
      const sample: Sample = {
        atMs: (this.#samples.at(-1)?.atMs ?? 0) + clock.monotonicMs() - beforeMs,
        isMeasured,
        sentRate: rate,
        receivedRate: rate,
        p50Us: this.#interval.quantileUs(0.5),
        p99Us: this.#interval.quantileUs(0.99),
        ...(pid !== undefined && { rssBytes: processUsage(pid).rssBytes }),
      };
      if (isMeasured) this.#latency.add(this.#interval);
      this.#interval.reset();
      this.#samples.push(sample);
      onSample?.(sample);
    }
  }
}
