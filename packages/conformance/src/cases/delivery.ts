/** Cases of chapters 4.5 and 4.6: who gets a message, and in which order. */
import { deepEqual } from 'node:assert/strict';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';

const texts: readonly string[] = Array.from({ length: 20 }, (_, index) => `${index}`);

export const deliveryCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.5.0-1'],
    v3: ['MQTT-4.5.0-1'],
    needs: ['wildcard-subscriptions'],
    title: 'a message comes to every session with a matching subscription, also to those away',
    async run(t) {
      const topic = t.topic('house/lamp');
      const filters = [topic, t.topic('house/+'), t.topic('house/#'), t.topic('+/lamp')];
      for (const qos of [1, 2] as const) {
        const publisher = await t.connect();
        const here = [publisher];
        const away = [];
        for (const filter of filters) {
          const [one, other] = [await t.connect(), await t.connect(kept())];
          for (const subscriber of [one, other]) await subscriber.subscribe(filter);
          await other.disconnect();
          here.push(one);
          away.push(other);
        }
        await publisher.subscribe(topic);
        const other = await t.connect();
        await other.publish(topic, 'on', { qos });
        for (const subscriber of here) await subscriber.receive({ topic, qos });
        for (const subscriber of away) {
          const again = await resume(t, subscriber.clientId);
          await again.receive({ topic, qos });
        }
      }
    },
  },
  {
    v5: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    v3: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    needs: ['qos-1', 'qos-2'],
    title: 'messages of a client to a topic come in their order, with any QoS',
    async run(t) {
      for (const qos of t.everyQoS) {
        const subscriber = await t.connect();
        const publisher = await t.connect();
        await subscriber.subscribe(t.topic('news'));
        for (const text of texts) await publisher.publish(t.topic('news'), text, { qos });
        deepEqual((await collectMessages(t, subscriber, publisher)).map(textOf), texts);
      }
    },
  },
  {
    v5: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    v3: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    needs: ['qos-1', 'qos-2'],
    title: 'messages come in their order though some have waited for the subscriber',
    async run(t) {
      for (const qos of [1, 2] as const) {
        const subscriber = await t.connect(kept());
        const publisher = await t.connect();
        await subscriber.subscribe(t.topic('news'));
        await subscriber.disconnect();
        for (const text of texts.slice(0, 10)) {
          await publisher.publish(t.topic('news'), text, { qos });
        }
        const again = await resume(t, subscriber.clientId);
        for (const text of texts.slice(10)) {
          await publisher.publish(t.topic('news'), text, { qos });
        }
        deepEqual((await collectMessages(t, again, publisher)).map(textOf), texts);
      }
    },
  },
  {
    v5: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'],
    needs: ['qos-1', 'qos-2'],
    title: 'messages come in their order though they wait for room in the window',
    async run(t) {
      for (const [receiveMaximum, qos] of [
        [1, 1],
        [1, 2],
        [3, 1],
      ] as const) {
        const subscriber = await t.connect({ properties: { receiveMaximum } });
        const publisher = await t.connect();
        await subscriber.subscribe(t.topic('news'));
        for (const text of texts) await publisher.publish(t.topic('news'), text, { qos });
        const messages = [];
        while (messages.length < texts.length) messages.push(await subscriber.receive({ qos }));
        deepEqual(messages.map(textOf), texts);
      }
    },
  },
];
