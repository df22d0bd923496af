/** What traffic to make: who publishes what, who receives it, how fast, how long. */
import type { QoS } from '@godwit/protocol';
import type { ServerSettings } from './server-settings.ts';

export interface TrafficSettings {
  readonly server: ServerSettings;
  readonly publishers: number;
  readonly subscribers: number;
  /** `%d` is the number of the publisher, modulo `topics`; `%t` counts up to `topicsEach`. */
  readonly topic: string;
  /** `%d` is the number of the subscriber, modulo `topics`. */
  readonly filter: string;
  readonly topics: number;
  /** Topics that each publisher takes in turn. */
  readonly topicsEach: number;
  /** Subscribers are members of this group. */
  readonly share?: string;
  readonly qos: QoS;
  readonly subscriberQos: QoS;
  /** At least `headerBytes`. */
  readonly payloadBytes: number;
  /** Fills payloads behind their header. */
  readonly text: string;
  /** Closed loop: messages under way for each publisher. */
  readonly window: number;
  /** Open loop: messages per second, all publishers together; undefined: closed loop. */
  readonly rate?: number;
  /** QoS 1 and 2: unacknowledged messages for each publisher; a server may ask for fewer. */
  readonly inflight: number;
  /** Time over which connections are opened. */
  readonly rampMs: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  /** Subscriptions to be there besides, which no message matches. */
  readonly backgroundFilters: number;
  /** The server's process, when it is on this machine. */
  readonly pid?: number;
}
