/** What the parts of one broker share: handed to connections, sessions and handlers. */
import type { Clock, Random } from '@godwit/runtime';
import type { Admission } from './admission/admission.ts';
import type { Flusher } from './connection/flusher.ts';
import type { PublishRatePolicy } from './connection/inbound-rate.ts';
import type { OutboundBudget } from './connection/outbound-budget.ts';
import type { SlabPool } from './connection/slab-pool.ts';
import type { Durability } from './durable/durability.ts';
import type { Features } from './features.ts';
import type { Hooks } from './hooks.ts';
import type { Limits } from './limits.ts';
import type { LoadMonitor } from './load/load-monitor.ts';
import type { Metrics } from './metrics.ts';
import type { Retained } from './routing/retained.ts';
import type { Router } from './routing/router.ts';
import type { QueueTotal } from './session/delivery.ts';
import type { QueueFullPolicy } from './session/queue-full-policy.ts';
import type { SessionTable } from './session/session-table.ts';
import type { TimerWheel } from './timer-wheel.ts';

export interface Context {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly features: Features;
  /** Payloads that say they are UTF-8 are checked. */
  readonly checkPayloadFormat: boolean;
  readonly hooks: Hooks;
  readonly metrics: Metrics;
  readonly wheel: TimerWheel;
  readonly flusher: Flusher;
  readonly slabs: SlabPool;
  readonly router: Router;
  readonly retained: Retained;
  readonly sessions: SessionTable;
  readonly admission: Admission;
  readonly load: LoadMonitor;
  readonly outbound: OutboundBudget;
  readonly queued: QueueTotal;
  readonly queueFullPolicy: QueueFullPolicy;
  readonly publishRatePolicy: PublishRatePolicy;
  /** Null for a broker without a storage engine: nothing survives it. */
  readonly durability: Durability | null;
}
