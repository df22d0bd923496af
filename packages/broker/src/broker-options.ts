/** What the owner of a broker may say: when making one, and with each call. */
import type { PublishProperties, QoS } from '@godwit/protocol';
import type { Clock, Random } from '@godwit/runtime';
import type { Engine } from '@godwit/storage';
import type { PublishRatePolicy } from './connection/inbound-rate.ts';
import type { AckLevel, AckRule } from './durable/ack-level.ts';
import type { Features } from './features.ts';
import type { ConnectRefusal, Hooks } from './hooks.ts';
import type { Limits } from './limits.ts';
import type { SharedStrategyName } from './routing/shared-strategy.ts';
import type { QueueFullPolicy } from './session/queue-full-policy.ts';

export interface BrokerOptions {
  readonly limits?: Partial<Limits>;
  /** All are on by default. */
  readonly features?: Partial<Features>;
  /** Which member of a shared subscription gets a message; 'round-robin' by default. */
  readonly sharedStrategy?: SharedStrategyName;
  /**
   * Look whether payloads that say they are UTF-8 are; those that are not go nowhere, and their
   * publisher is told 0x99. Off by default: it costs a walk over each such payload.
   */
  readonly checkPayloadFormat?: boolean;
  /** What happens to a message for a session whose queue is full; 'drop-newest' by default. */
  readonly queueFullPolicy?: QueueFullPolicy;
  /** What happens to a client that publishes faster than its limits allow; 'delay' by default. */
  readonly publishRatePolicy?: PublishRatePolicy;
  /** Bytes of memory held, for `limits.memoryBytesMax`; of JavaScript's heap and buffers by default. */
  readonly memoryBytes?: () => number;
  /**
   * Keeps durable sessions, retained messages and wills, and the messages that were acknowledged;
   * call `Broker.start` then. Without it nothing survives the broker.
   */
  readonly engine?: Engine;
  /** What acknowledgements promise where there is an engine; 'disk' by default. */
  readonly ack?: AckLevel;
  /** Topics whose acknowledgements promise something else: the first that matches counts. */
  readonly ackRules?: readonly AckRule[];
  /** The engine's medium has failed: nothing is acknowledged any more, and the broker has ended. */
  readonly onFailure?: (error: Error) => void;
  readonly hooks?: Hooks;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What `Broker.publish` may be given besides topic and payload. */
export interface PublishOptions {
  readonly qos?: QoS;
  readonly retain?: boolean;
  readonly properties?: Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>;
}

/** How connections of one listener are served. */
export interface AcceptOptions {
  /** What acknowledgements promise; the broker's by default. */
  readonly ack?: AckLevel;
}

/** How `Broker.close` says goodbye. */
export interface CloseOptions {
  /**
   * Where clients are to go meanwhile; those of 5.0 are told so (0x9C, use another server), instead
   * of 0x8B. At most 65,535 bytes.
   */
  readonly serverReference?: string | undefined;
}

/** What `Broker.disconnect` tells the client: 0x98, administrative action, by default. */
export type DisconnectOptions = Partial<ConnectRefusal>;
