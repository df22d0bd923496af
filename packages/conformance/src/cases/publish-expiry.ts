/** Cases of chapter 3.3.2.3.3, Message Expiry Interval, and of what 4.3.3 says about it. */
import { ok } from 'node:assert/strict';
import { PacketType, type PublishPacket } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { kept, resume } from './kept-session.ts';

const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;

const minute = { messageExpiryInterval: 60 } as const;
const second = { messageExpiryInterval: 1 } as const;

/** A message with {@link minute} has waited 2 s; servers' clocks may be coarse. */
function checkReduced({ properties }: PublishPacket): void {
  const left = properties?.messageExpiryInterval;
  ok(left !== undefined && left < 60 && left >= 50, `after 2 s of 60 are left: ${left}`);
}

export const publishExpiryCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.2-6'],
    title: 'a message that does not wait is forwarded with its Message Expiry Interval',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const qos of t.everyQoS) {
        await publisher.publish(t.topic('news'), 'hello', { qos, properties: minute });
        const { properties } = await subscriber.receive({ topic: t.topic('news') });
        const left = properties?.messageExpiryInterval;
        ok(left === 60 || left === 59, `forwarded with ${left}`);
      }
    },
  },
  {
    v5: ['MQTT-3.3.2-6'],
    needs: ['qos-1'],
    timing: 'slow',
    title: 'the Message Expiry Interval is reduced by the time that a message waits in a session',
    async run(t) {
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(t.topic('news'));
      await subscriber.disconnect();
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'hello', { qos: 1, properties: minute });
      await t.wait(2_000);
      const again = await resume(t, subscriber.clientId);
      checkReduced(await again.receive({ topic: t.topic('news') }));
    },
  },
  {
    v5: ['MQTT-3.3.2-6'],
    needs: ['retained-messages'],
    timing: 'slow',
    title: 'the Message Expiry Interval is reduced by the time that a message is retained',
    async run(t) {
      const publisher = await t.connect();
      const fields = { qos: 1, retain: true, properties: minute } as const;
      await publisher.publish(t.topic('news'), 'hello', fields);
      await t.wait(2_000);
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      checkReduced(await subscriber.receive({ topic: t.topic('news') }));
    },
  },
  {
    v5: ['MQTT-3.3.2-5'],
    needs: ['qos-1', 'qos-2'],
    timing: 'slow',
    title: 'a message that expires while its subscriber is away is not delivered, others are',
    async run(t) {
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(t.topic('news'));
      await subscriber.disconnect();
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'old', { qos: 1, properties: second });
      await publisher.publish(t.topic('news'), 'new', { qos: 1, properties: minute });
      await publisher.publish(t.topic('news'), 'old', { qos: 2, properties: second });
      await t.wait(2_500);
      const again = await resume(t, subscriber.clientId);
      await again.receive({ payload: bytes`${'new'}` });
      await t.expectNothing(again, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.2-5'],
    needs: ['qos-1'],
    timing: 'slow',
    title: 'a message that expires behind a full window is not delivered, the next one is',
    async run(t) {
      const subscriber = await t.connect({ properties: { receiveMaximum: 1 } });
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      await publisher.publish(t.topic('news'), 'first', { qos: 1 });
      const { packetId } = await subscriber.expect({ type: publish, payload: bytes`${'first'}` });
      await publisher.publish(t.topic('news'), 'old', { qos: 1, properties: second });
      await publisher.publish(t.topic('news'), 'new', { qos: 1 });
      await t.wait(2_500);
      subscriber.acknowledge(puback, packetId);
      await subscriber.receive({ payload: bytes`${'new'}` });
    },
  },
  {
    v5: ['MQTT-3.3.2-5'],
    needs: ['retained-messages'],
    timing: 'slow',
    title: 'a retained message that has expired is not delivered',
    async run(t) {
      const publisher = await t.connect();
      const fields = { qos: 1, retain: true, properties: second } as const;
      await publisher.publish(t.topic('news'), 'old', fields);
      await t.wait(2_500);
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-4.3.3-13'],
    needs: ['qos-2'],
    timing: 'slow',
    title: 'expiry in the middle of a QoS 2 exchange does not end it: from the publisher',
    async run(t) {
      const publisher = await t.connect();
      const fields = { qos: 2, packetId: 7, properties: second } as const;
      publisher.sendPublish(t.topic('news'), 'hello', fields);
      await publisher.expect({ type: pubrec, packetId: 7 });
      await t.wait(2_500);
      publisher.acknowledge(pubrel, 7);
      await publisher.expect({ type: pubcomp, packetId: 7, reasonCode: 0 });
    },
  },
  {
    v5: ['MQTT-4.3.3-13', 'MQTT-4.3.3-7'],
    needs: ['qos-2'],
    timing: 'slow',
    title: 'expiry in the middle of a QoS 2 exchange does not end it: to the subscriber',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      await publisher.publish(t.topic('news'), 'hello', { qos: 2, properties: second });
      const { packetId } = await subscriber.expect({ type: publish, qos: 2 });
      await t.wait(2_500);
      subscriber.acknowledge(pubrec, packetId);
      await subscriber.expect({ type: pubrel, packetId, reasonCode: 0 });
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.expectNothing();
    },
  },
  {
    v5: ['MQTT-4.3.3-7'],
    needs: ['qos-2'],
    timing: 'slow',
    title: 'a QoS 2 message that was sent before it expired is sent again after',
    async run(t) {
      const subscriber = await t.connect(kept());
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      await publisher.publish(t.topic('news'), 'hello', { qos: 2, properties: second });
      const { packetId } = await subscriber.expect({ type: publish, qos: 2 });
      await subscriber.disconnect();
      await t.wait(2_500);
      const again = await resume(t, subscriber.clientId);
      await again.receive({ packetId, qos: 2, payload: bytes`${'hello'}` });
    },
  },
];
