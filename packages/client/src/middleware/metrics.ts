/** Counts what a client publishes and receives, and writes it down as Prometheus reads it. */
import type { Middleware } from './middleware.ts';

export interface Metrics extends Middleware {
  /** Messages whose `publish` resolved, by QoS. */
  readonly published: readonly [number, number, number];
  /** Messages whose `publish` rejected. */
  readonly publishFailures: number;
  /** Calls of `publish` that are pending. */
  readonly publishing: number;
  readonly publishedBytes: number;
  /** Messages received, by QoS. */
  readonly received: readonly [number, number, number];
  readonly receivedBytes: number;
  /** Messages received of QoS 1 and 2 that were refused, by `nack` or unread. */
  readonly refused: number;
  /** All of it in Prometheus' text format. @param prefix of the names. Default: 'mqtt_client' */
  text(prefix?: string): string;
}

/** A middleware that counts. Payloads count as this step sees them: see the order of `use`. */
export function metrics(): Metrics {
  return new Counting();
}

class Counting implements Metrics {
  readonly published: [number, number, number] = [0, 0, 0];
  publishFailures = 0;
  publishing = 0;
  publishedBytes = 0;
  readonly received: [number, number, number] = [0, 0, 0];
  receivedBytes = 0;
  refused = 0;

  publish: NonNullable<Middleware['publish']> = async (message, next) => {
    const { payload, options } = message;
    this.publishing += 1;
    try {
      const result = await next(message);
      this.published[options.qos ?? 0] += 1;
      this.publishedBytes += payload.length;
      return result;
    } catch (error) {
      this.publishFailures += 1;
      throw error;
    } finally {
      this.publishing -= 1;
    }
  };

  receive: NonNullable<Middleware['receive']> = (message, next) => {
    this.received[message.qos] += 1;
    this.receivedBytes += message.payload.length;
    if (message.qos > 0) {
      message.onDone(reasonCode => {
        if (reasonCode >= 0x80) this.refused += 1;
      });
    }
    next();
  };

  text(prefix = 'mqtt_client'): string {
    const lines: string[] = [];
    const add = (name: string, type: string, values: readonly (readonly [string, number])[]) => {
      lines.push(`# TYPE ${prefix}_${name} ${type}`);
      for (const [labels, value] of values) lines.push(`${prefix}_${name}${labels} ${value}`);
    };
    const byQos = (counts: readonly number[]): [string, number][] =>
      counts.map((count, qos) => [`{qos="${qos}"}`, count]);
    add('published_total', 'counter', byQos(this.published));
    add('publish_failures_total', 'counter', [['', this.publishFailures]]);
    add('publishing', 'gauge', [['', this.publishing]]);
    add('published_bytes_total', 'counter', [['', this.publishedBytes]]);
    add('received_total', 'counter', byQos(this.received));
    add('received_bytes_total', 'counter', [['', this.receivedBytes]]);
    add('refused_total', 'counter', [['', this.refused]]);
    return `${lines.join('\n')}\n`;
  }
}
