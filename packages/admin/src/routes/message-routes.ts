/** Messages: those that are retained, and one to publish. */
import type { RetainedInfo } from '@godwit/broker';
import { isValidTopicName, parseTopicFilter } from '@godwit/protocol';
import { z } from 'zod';
import { Problem } from '../http/problem.ts';
import { type Route, route } from '../http/route.ts';
import { page, pageOf, pageQuery } from './paging.ts';

const topic = z.string().min(1).max(65_535);
const qos = z.int().min(0).max(2);

const summary = z.object({
  topic,
  qos,
  payloadBytes: z.int().min(0),
  publisher: z.string().describe('Client identifier; empty where it is not known.'),
  expiresAtMs: z.int().min(0).describe('Wall time; 0: never.'),
});

const full = summary.extend({ payloadBase64: z.base64() });

const topicQuery = z.strictObject({ topic });

function summaryOf({ topic, qos, payload, publisher, expiresAtMs }: RetainedInfo): object {
  return { topic, qos, payloadBytes: payload.length, publisher, expiresAtMs };
}

function checkedFilter(filter: string): string {
  if (parseTopicFilter(filter)?.share === null) return filter;
  throw new Problem(400, 'filter: expected a topic filter without $share');
}

function checkedTopic(topic: string): string {
  if (isValidTopicName(topic)) return topic;
  throw new Problem(400, 'topic: expected 1 to 65,535 bytes without U+0000, + and #');
}

export const messageRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/retained',
    summary: 'Retained messages whose topics match a filter; `site/+` is one level of a tree.',
    scope: 'read',
    query: z.strictObject({ ...pageQuery, filter: topic.default('#') }),
    answer: pageOf(summary),
    async run({ query }, { broker, clock }) {
      const all = broker.inspector.retained(checkedFilter(query.filter));
      const { items, next } = await page(all, () => true, query, clock);
      return { items: items.map(summaryOf), next };
    },
  }),
  route({
    method: 'get',
    path: '/retained/message',
    summary: 'The retained message of a topic.',
    scope: 'read',
    query: topicQuery,
    answer: full,
    run({ query }, { broker }) {
      const message = broker.inspector.retainedMessage(query.topic);
      if (message === undefined) throw new Problem(404, 'the topic has no retained message');
      return {
        ...summaryOf(message),
        payloadBase64: Buffer.from(message.payload).toString('base64'),
      };
    },
  }),
  route({
    method: 'delete',
    path: '/retained/message',
    summary: 'Removes the retained message of a topic, as an empty one that is published does.',
    scope: 'write',
    query: topicQuery,
    run({ query }, { broker }) {
      if (broker.inspector.retainedMessage(query.topic) === undefined) {
        throw new Problem(404, 'the topic has no retained message');
      }
      broker.publish(checkedTopic(query.topic), '', { retain: true });
    },
  }),
  route({
    method: 'post',
    path: '/messages',
    summary: 'Publishes a message in the name of the broker.',
    scope: 'write',
    body: z.strictObject({
      topic,
      payload: z.string().optional().describe('Text; or else:'),
      payloadBase64: z.base64().optional(),
      qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
      retain: z.boolean().default(false),
    }),
    answer: z.object({ isWanted: z.boolean().describe('Some session gets it.') }),
    run({ body }, { broker }) {
      const { payload, payloadBase64, qos, retain } = body;
      if (payload !== undefined && payloadBase64 !== undefined) {
        throw new Problem(400, 'expected either payload or payloadBase64');
      }
      const bytes = payload ?? new Uint8Array(Buffer.from(payloadBase64 ?? '', 'base64'));
      if (retain && !broker.features.retain) throw new Problem(409, 'retain is switched off');
      return { isWanted: broker.publish(checkedTopic(body.topic), bytes, { qos, retain }) };
    },
  }),
];
