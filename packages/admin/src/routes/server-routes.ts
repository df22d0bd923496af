/** The server itself: how it is, what it counts, and what it runs on. */
import { z } from 'zod';
import { type Route, route } from '../http/route.ts';

const numbers = z.record(z.string(), z.number());

export const serverRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/status',
    summary: 'How the server is.',
    scope: 'read',
    answer: z.object({
      version: z.string(),
      phase: z.enum(['starting', 'running', 'closing']),
      storage: z
        .enum(['ready', 'full', 'stalled', 'failed'])
        .nullable()
        .describe('Null without a data directory.'),
      uptimeSeconds: z.number(),
      listeners: z.array(z.string()),
    }),
    run: (_, { broker, version, urls }) => ({
      version,
      phase: broker.inspector.phase,
      storage: broker.inspector.storage ?? null,
      uptimeSeconds: Math.round(process.uptime()),
      listeners: urls(),
    }),
  }),
  route({
    method: 'get',
    path: '/metrics',
    summary: 'What the broker and its storage count, as numbers by name.',
    scope: 'read',
    answer: z.object({
      broker: numbers,
      storage: numbers.nullable(),
      totals: z.record(z.string(), z.unknown()),
    }),
    run: (_, { broker, engineStats }) => ({
      broker: broker.metrics,
      storage: engineStats(),
      totals: broker.inspector.totals(),
    }),
  }),
  route({
    method: 'get',
    path: '/config',
    summary: 'The configuration in use, without secrets.',
    scope: 'read',
    answer: z.record(z.string(), z.unknown()),
    run: (_, system) => system.config(),
  }),
];
