/**
 * What the broker tells about itself by MQTT: retained messages below `$SYS/broker`, under the names
 * that Mosquitto has for them, as far as the values are known here.
 */
import type { Broker, Metrics } from '@godwit/broker';
import type { Clock, Timer } from '@godwit/runtime';
import { version } from './version.ts';

type Counter = keyof Metrics;

/** Counters that are a topic each, and have averages below `load`. */
const loads: readonly (readonly [topic: string, load: string, counter: Counter])[] = [
  ['bytes/received', 'bytes/received', 'bytesReceived'],
  ['bytes/sent', 'bytes/sent', 'bytesSent'],
  ['publish/messages/received', 'publish/received', 'messagesReceived'],
  ['publish/messages/sent', 'publish/sent', 'messagesSent'],
];

const averageMinutes = [1, 5, 15] as const;

export class SysTopics {
  readonly #broker: Broker;
  readonly #clock: Clock;
  readonly #startedMs: number;
  /** What was published last, by topic. */
  readonly #said: Map<string, string>;
  /** A minute's worth, averaged over some, by topic. */
  readonly #averages: Map<string, number>;
  #before: Partial<Record<Counter, number>>;
  #timer: Timer | null;

  constructor(broker: Broker, clock: Clock) {
    this.#broker = broker;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#said = new Map();
    this.#averages = new Map();
    this.#before = {};
    this.#timer = null;
  }

  /** Publishes now and every so many seconds; 0 ends that. */
  start(intervalSeconds: number): void {
    this.stop();
    if (intervalSeconds > 0) this.#tick(intervalSeconds);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #tick(intervalSeconds: number): void {
    this.#average(intervalSeconds);
    for (const [name, value] of this.#values()) this.#say(name, String(value));
    this.#timer = this.#clock.after(intervalSeconds * 1000, () => this.#tick(intervalSeconds));
  }

  *#values(): Generator<readonly [string, number | string]> {
    const { metrics, inspector } = this.#broker;
    const { clients } = inspector.totals();
    const connected = clients[3] + clients[4] + clients[5];
    const uptime = Math.floor((this.#clock.monotonicMs() - this.#startedMs) / 1000);
    yield ['version', `godwit version ${version()}`];
    yield ['uptime', `${uptime} seconds`];
    yield ['clients/connected', connected];
    yield ['clients/active', connected];
    yield ['clients/disconnected', metrics.sessions - connected];
    yield ['clients/inactive', metrics.sessions - connected];
    yield ['clients/total', metrics.sessions];
    yield ['messages/received', metrics.packetsReceived];
    yield ['publish/messages/dropped', droppedOf(metrics)];
    yield ['retained messages/count', metrics.retainedMessages];
    yield ['subscriptions/count', metrics.subscriptions];
    for (const [topic, , counter] of loads) yield [topic, metrics[counter]];
    for (const [topic, value] of this.#averages) yield [topic, value.toFixed(2)];
  }

  /** Averages that fade out, as those of the load of a machine do. */
  #average(intervalSeconds: number): void {
    const { metrics } = this.#broker;
    for (const [, load, counter] of loads) {
      const perMinute = ((metrics[counter] - (this.#before[counter] ?? 0)) * 60) / intervalSeconds;
      this.#before[counter] = metrics[counter];
      for (const minutes of averageMinutes) {
        const topic = `load/${load}/${minutes}min`;
        const fading = Math.exp(-intervalSeconds / (minutes * 60));
        const average = this.#averages.get(topic) ?? 0;
        this.#averages.set(topic, perMinute + fading * (average - perMinute));
      }
    }
  }

  #say(name: string, value: string): void {
    if (this.#said.get(name) === value) return;
    this.#said.set(name, value);
    const { retain } = this.#broker.features;
    this.#broker.publish(`$SYS/broker/${name}`, value, { retain });
  }
}

function droppedOf(metrics: Metrics): number {
  return Object.entries(metrics)
    .filter(([name]) => name.startsWith('messagesDropped'))
    .reduce((sum, [, count]) => sum + count, 0);
}
