/** Cases of chapters 3.1.2 to 3.1.4: which session a CONNECT begins or goes on with. */
import { equal } from 'node:assert/strict';
import { type ConnectPacket, PacketType } from '@godwit/protocol';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';

/** For a session that is resumed if there is one, and that outlives its connection. */
const kept = {
  cleanStart: false,
  properties: { sessionExpiryInterval: 60 },
} as const satisfies Partial<ConnectPacket>;

/** Connects, and checks what the server says of the session; 3.1 has no way to say it. */
async function connectTo(
  t: CaseContext,
  clientId: string,
  overrides: Partial<ConnectPacket>,
  isPresent: boolean,
): Promise<CaseClient> {
  const client = await t.client();
  const { sessionPresent } = await client.connect({ clientId, ...overrides });
  equal(sessionPresent, isPresent && t.version !== 3, 'Session Present');
  return client;
}

export const connectSessionCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.1.2-6', 'MQTT-3.2.2-3'],
    v3: ['MQTT-3.1.2-4', 'MQTT-3.2.2-3'],
    title: 'without Clean Start, and without a stored session, a new session begins',
    async run(t) {
      await connectTo(t, t.clientId(), kept, false);
    },
  },
  {
    v5: ['MQTT-3.1.2-5', 'MQTT-3.1.2-23', 'MQTT-3.2.2-3'],
    v3: ['MQTT-3.1.2-4', 'MQTT-3.2.2-2'],
    title: 'without Clean Start a stored session is resumed, with its subscriptions',
    async run(t) {
      const clientId = t.clientId();
      const first = await connectTo(t, clientId, kept, false);
      await first.subscribe(t.topic('news'));
      await first.disconnect();

      const second = await connectTo(t, clientId, kept, true);
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'extra', { qos: 1 });
      await second.receive({ topic: t.topic('news') });
    },
  },
  {
    v5: ['MQTT-3.1.2-23', 'MQTT-3.1.2-5'],
    v3: ['MQTT-3.1.2-4', 'MQTT-3.1.2-5', 'MQTT-4.1.0-1'],
    title: 'a session collects QoS 1 and QoS 2 messages while its client is away',
    async run(t) {
      const clientId = t.clientId();
      const first = await connectTo(t, clientId, kept, false);
      await first.subscribe(t.topic('once'));
      await first.subscribe(t.topic('twice'));
      first.drop();

      const publisher = await t.connect();
      await publisher.publish(t.topic('once'), 'one', { qos: 1 });
      await publisher.publish(t.topic('twice'), 'two', { qos: 2 });

      const second = await connectTo(t, clientId, kept, true);
      await second.receive({ topic: t.topic('once'), qos: 1 });
      await second.receive({ topic: t.topic('twice'), qos: 2 });
    },
  },
  {
    v5: ['MQTT-3.1.2-4', 'MQTT-3.1.4-4', 'MQTT-3.2.2-2'],
    v3: ['MQTT-3.1.2-6', 'MQTT-3.1.4-3', 'MQTT-3.2.2-1'],
    title: 'with Clean Start a stored session is discarded, with its subscriptions',
    async run(t) {
      const clientId = t.clientId();
      const first = await connectTo(t, clientId, kept, false);
      await first.subscribe(t.topic('news'));
      await first.disconnect();

      const second = await connectTo(t, clientId, { cleanStart: true }, false);
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'extra', { qos: 1 });
      await t.expectNothing(second, publisher);
    },
  },
  {
    v5: ['MQTT-3.1.2-4', 'MQTT-3.2.2-2'],
    v3: ['MQTT-3.1.2-6', 'MQTT-3.2.2-1'],
    title: 'with Clean Start the messages of a stored session are discarded',
    async run(t) {
      const clientId = t.clientId();
      const first = await connectTo(t, clientId, kept, false);
      await first.subscribe(t.topic('news'));
      await first.disconnect();
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'extra', { qos: 1 });

      const second = await connectTo(t, clientId, { ...kept, cleanStart: true }, false);
      await t.expectNothing(second, publisher);
    },
  },
  {
    v5: ['MQTT-4.1.0-2', 'MQTT-3.2.2-3'],
    v3: ['MQTT-3.1.2-6', 'MQTT-3.2.2-3'],
    title: 'a session that is not to outlive its connection does not',
    async run(t) {
      const clientId = t.clientId();
      const first = await connectTo(t, clientId, { cleanStart: true }, false);
      await first.subscribe(t.topic('news'));
      await first.disconnect();

      const second = await connectTo(t, clientId, kept, false);
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'extra', { qos: 1 });
      await t.expectNothing(second, publisher);
    },
  },
  {
    v5: ['MQTT-3.1.3-2'],
    v3: ['MQTT-3.1.3-2'],
    title: 'a session belongs to its client identifier and to no other',
    async run(t) {
      const [clientId, otherId] = [t.clientId(), t.clientId()];
      const client = await connectTo(t, clientId, kept, false);
      await client.subscribe(t.topic('news'));
      await client.disconnect();

      const other = await connectTo(t, otherId, kept, false);
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'extra', { qos: 1 });
      await t.expectNothing(other, publisher);
      const again = await connectTo(t, clientId, kept, true);
      await again.receive({ topic: t.topic('news') });
    },
  },
  {
    v3: ['MQTT-3.1.2-7'],
    needs: ['retained-messages'],
    title: 'a retained message outlives the session that published it',
    async run(t) {
      const publisher = await t.connect();
      await publisher.publish(t.topic('state'), 'on', { qos: 1, retain: true });
      await publisher.disconnect();
      const clientId = publisher.clientId;
      await connectTo(t, clientId, { cleanStart: true }, false);

      const watcher = await t.connect();
      await watcher.subscribe(t.topic('state'));
      await watcher.expect({ type: PacketType.publish, retain: true, topic: t.topic('state') });
    },
  },
];
