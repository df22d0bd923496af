/** What goes over connections, as events: so many packets, and for so long, as was asked for. */
import type { TraceFilter } from '@godwit/broker';
import { parseTopicFilter } from '@godwit/protocol';
import { z } from 'zod';
import type { AdminSystem } from '../admin-system.ts';
import type { EventSource } from '../http/events.ts';
import { Problem } from '../http/problem.ts';

const text = z.string().min(1).max(65_535).optional();

/** Which packets, and how many of them at most, for how long. */
export interface TraceQuery extends TraceFilter {
  readonly packets: number;
  readonly seconds: number;
}

export const traceQuery: z.ZodType<TraceQuery> = z.strictObject({
  clientId: text,
  username: text,
  address: text,
  topic: text,
  packets: z.coerce.number().int().min(1).max(100_000).default(1_000),
  seconds: z.coerce.number().int().min(1).max(3_600).default(60),
});

/** @throws Problem when nothing, or no topic filter, is given */
export function traceEvents(
  { broker, clock }: AdminSystem,
  { packets, seconds, ...filter }: TraceQuery,
): EventSource {
  checkFilter(filter);
  return (send, end) => {
    let left = packets;
    const stop = broker.tracer.start(filter, ({ direction, ...data }) => {
      left -= 1;
      send(direction, data);
      if (left === 0) end();
    });
    const timer = clock.after(seconds * 1000, end);
    return () => {
      timer.cancel();
      stop();
    };
  };
}

function checkFilter(filter: TraceFilter): void {
  if (Object.values(filter).every(value => value === undefined)) {
    throw new Problem(400, 'query: expected clientId, username, address or topic');
  }
  const { topic } = filter;
  if (topic !== undefined && parseTopicFilter(topic)?.share !== null) {
    throw new Problem(400, 'query.topic: expected a topic filter without $share');
  }
}
