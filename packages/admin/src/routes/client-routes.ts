/** Clients and their sessions: to look at, to disconnect, to end. */
import type { SessionInfo } from '@godwit/broker';
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import { page, pageOf, pageQuery } from './paging.ts';

const text = z.string().max(65_535);
const count = z.int().min(0);
const qos = z.int().min(0).max(2);

const session = z.object({
  clientId: text,
  isConnected: z.boolean(),
  isDurable: z.boolean().describe('It survives the broker.'),
  expirySeconds: count.nullable().describe('Seconds it outlives its connection; null: for ever.'),
  subscriptions: count,
  queuedMessages: count,
  queuedBytes: count,
  inflightMessages: count,
  hasWill: z.boolean(),
  connection: z
    .object({
      username: text.nullable(),
      protocolVersion: z.int().describe('3 for 3.1, 4 for 3.1.1, 5 for 5.0.'),
      remoteAddress: text,
      remotePort: count,
      outboundBytes: count.describe('Bytes written that the client has not taken.'),
    })
    .nullable()
    .describe('Null while the client is away.'),
});

const subscription = z.object({
  clientId: text,
  filter: text,
  qos,
  noLocal: z.boolean(),
  retainAsPublished: z.boolean(),
  identifier: count,
});

const listQuery = z.strictObject({
  ...pageQuery,
  search: text.optional().describe('Part of the client identifier.'),
  username: text.optional(),
  address: text.optional().describe('The address of the client, without its port.'),
  connected: z.enum(['true', 'false']).optional(),
});

const countQuery = z.strictObject({ limit: pageQuery.limit });

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Problem(404, 'there is no session of this client');
  return value;
}

export const clientRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/clients',
    summary: 'Sessions, connected or not.',
    scope: 'read',
    query: listQuery,
    answer: pageOf(session),
    run({ query }, { broker, clock }) {
      const { search = '', username, address, connected } = query;
      const isWanted = ({ clientId, isConnected, connection }: SessionInfo): boolean =>
        clientId.includes(search) &&
        (connected === undefined || (connected === 'true') === isConnected) &&
        (username === undefined || connection?.username === username) &&
        (address === undefined || connection?.remoteAddress === address);
      return page(broker.inspector.sessions(), isWanted, query, clock);
    },
  }),
  route({
    method: 'get',
    path: '/clients/{clientId}',
    summary: 'One session.',
    scope: 'read',
    answer: session,
    run: ({ params }, { broker }) => found(broker.inspector.session(params.clientId)),
  }),
  route({
    method: 'get',
    path: '/clients/{clientId}/queue',
    summary: 'Messages that wait for a client, oldest first.',
    scope: 'read',
    query: countQuery,
    answer: z.object({
      items: z.array(
        z.object({
          topic: text,
          qos,
          payloadBytes: count,
          expiresAtMs: count.describe('0: never.'),
        }),
      ),
    }),
    async run({ params, query }, { broker }) {
      return { items: await found(broker.inspector.queued(params.clientId, query.limit)) };
    },
  }),
  route({
    method: 'get',
    path: '/clients/{clientId}/inflight',
    summary: 'Messages sent to a client that it has not acknowledged, oldest first.',
    scope: 'read',
    query: countQuery,
    answer: z.object({ items: z.array(z.object({ packetId: count, state: text })) }),
    run: ({ params, query }, { broker }) => ({
      items: found(broker.inspector.inflight(params.clientId, query.limit)),
    }),
  }),
  route({
    method: 'get',
    path: '/clients/{clientId}/subscriptions',
    summary: 'Subscriptions of a client.',
    scope: 'read',
    query: z.strictObject(pageQuery),
    answer: pageOf(subscription),
    run({ params, query }, { broker, clock }) {
      const all = found(broker.inspector.subscriptions(params.clientId));
      return page(all, () => true, query, clock);
    },
  }),
  route({
    method: 'delete',
    path: '/clients/{clientId}/connection',
    summary: 'Disconnects a client (0x98); its session stays as long as it is to.',
    scope: 'write',
    run({ params }, { broker }) {
      if (!broker.disconnect(params.clientId))
        throw new Problem(404, 'the client is not connected');
    },
  }),
  route({
    method: 'delete',
    path: '/clients/{clientId}',
    summary: 'Ends a session, after disconnecting its client: what waits for it is gone.',
    scope: 'write',
    run({ params }, { broker }) {
      if (!broker.endSession(params.clientId)) found(undefined);
    },
  }),
  route({
    method: 'get',
    path: '/subscriptions',
    summary: 'Subscriptions of all clients.',
    scope: 'read',
    query: z.strictObject({ ...pageQuery, filter: text.optional().describe('Exactly this one.') }),
    answer: pageOf(subscription),
    run({ query }, { broker, clock }) {
      const isWanted = ({ filter }: { readonly filter: string }): boolean =>
        query.filter === undefined || filter === query.filter;
      return page(broker.inspector.allSubscriptions(), isWanted, query, clock);
    },
  }),
];
