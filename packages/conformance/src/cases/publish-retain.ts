/** Cases of chapter 3.3.1.3: RETAIN, what is kept by it, and to whom it is sent. */
import { deepEqual, ok } from 'node:assert/strict';
import { bytes } from '@godwit/testkit';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';

/** A client that has published these to `lamp`, one after the other, as retained messages. */
async function retain(t: CaseContext, ...payloads: readonly string[]) {
  const publisher = await t.connect();
  for (const payload of payloads) {
    await publisher.publish(t.topic('lamp'), payload, { qos: 1, retain: true });
  }
  return publisher;
}

export const publishRetainCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.1-5', 'MQTT-3.3.1-9'],
    v3: ['MQTT-3.3.1-5', 'MQTT-3.3.1-6', 'MQTT-3.3.1-8'],
    needs: ['retained-messages', 'qos-1', 'qos-2'],
    title:
      'a retained message is stored with its QoS, and sent with RETAIN to who subscribes later',
    async run(t) {
      const publisher = await t.connect();
      const subscriber = await t.connect();
      for (const qos of [1, 2] as const) {
        const topic = t.topic(`lamp/${qos}`);
        await publisher.publish(topic, 'on', { qos, retain: true });
        await subscriber.subscribe(topic);
        await subscriber.receive({ topic, payload: bytes`${'on'}`, qos, retain: true, dup: false });
      }
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-5'],
    v3: ['MQTT-3.3.1-5', 'MQTT-3.3.1-6'],
    needs: ['retained-messages'],
    title: 'a retained message takes the place of the one before it',
    async run(t) {
      const publisher = await retain(t, 'on', 'off', 'dim');
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'));
      await subscriber.receive({ payload: bytes`${'dim'}`, retain: true });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-5'],
    v3: ['MQTT-3.3.1-7'],
    needs: ['retained-messages'],
    title: 'a retained QoS 0 message does away with the one before it',
    async run(t) {
      const publisher = await retain(t, 'on');
      await publisher.publish(t.topic('lamp'), 'off', { qos: 0, retain: true });
      await publisher.ping();
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'));
      // 3.1.1: it may itself be forgotten at any time.
      const texts = (await collectMessages(t, subscriber, publisher)).map(textOf);
      ok(texts.length <= 1 && texts.every(text => text === 'off'), `came ${texts}`);
    },
  },
  {
    v5: ['MQTT-3.3.1-9'],
    v3: ['MQTT-3.3.1-6', 'MQTT-3.3.1-8'],
    needs: ['retained-messages', 'wildcard-subscriptions'],
    title: 'a filter with wildcards brings the retained message of every topic that matches',
    async run(t) {
      const publisher = await t.connect();
      const names = ['lamp/state', 'fan/state', 'door/state'];
      for (const name of [...names, 'lamp/power']) {
        await publisher.publish(t.topic(name), name, { qos: 1, retain: true });
      }
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('+/state'));
      const messages = await collectMessages(t, subscriber, publisher);
      deepEqual(messages.map(textOf).sort(), names.toSorted());
      ok(messages.every(message => message.retain));
    },
  },
  {
    v5: ['MQTT-3.3.1-6', 'MQTT-3.3.1-7'],
    v3: ['MQTT-3.3.1-10', 'MQTT-3.3.1-11'],
    needs: ['retained-messages'],
    title: 'an empty retained message is delivered, removes the one before it, and is not kept',
    async run(t) {
      const publisher = await retain(t, 'on');
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('lamp'));
      await watcher.receive({ payload: bytes`${'on'}` });
      await publisher.publish(t.topic('lamp'), '', { qos: 1, retain: true });
      await watcher.receive({ topic: t.topic('lamp'), payload: bytes``, retain: false });

      const latecomer = await t.connect();
      await latecomer.subscribe(t.topic('lamp'));
      await t.expectNothing(latecomer, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-7'],
    v3: ['MQTT-3.3.1-11'],
    needs: ['retained-messages'],
    title: 'an empty retained message is not kept where there was none before it',
    async run(t) {
      const publisher = await retain(t, '');
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'));
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-8'],
    v3: ['MQTT-3.3.1-12'],
    title: 'a message without RETAIN is not kept',
    async run(t) {
      const publisher = await t.connect();
      await publisher.publish(t.topic('lamp'), 'on', { qos: 1 });
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'));
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-8'],
    v3: ['MQTT-3.3.1-12'],
    needs: ['retained-messages'],
    title: 'a message without RETAIN neither replaces nor removes the one that is kept',
    async run(t) {
      const publisher = await retain(t, 'on');
      await publisher.publish(t.topic('lamp'), 'off', { qos: 1 });
      await publisher.publish(t.topic('lamp'), '', { qos: 1 });
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'));
      await subscriber.receive({ payload: bytes`${'on'}`, retain: true });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-12'],
    v3: ['MQTT-3.3.1-9'],
    needs: ['retained-messages'],
    title: 'RETAIN is 0 on what an established subscription brings',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('lamp'));
      for (const qos of t.everyQoS) {
        await publisher.publish(t.topic('lamp'), 'on', { qos, retain: true });
        await subscriber.receive({ topic: t.topic('lamp'), qos, retain: false });
      }
    },
  },
  {
    v5: ['MQTT-3.3.1-12'],
    v3: ['MQTT-3.3.1-9'],
    needs: ['retained-messages'],
    title:
      'RETAIN is 0 on what an established subscription has collected while its client was away',
    async run(t) {
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(t.topic('lamp'));
      await subscriber.disconnect();
      const publisher = await retain(t, 'on');
      const again = await resume(t, subscriber.clientId);
      await again.receive({ topic: t.topic('lamp'), retain: false });
      await t.expectNothing(again, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-13'],
    needs: ['retained-messages'],
    title: 'RETAIN is as published where the subscription asks for that',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('lamp'), { retainAsPublished: true });
      for (const qos of t.everyQoS) {
        for (const isRetained of [true, false]) {
          await publisher.publish(t.topic('lamp'), 'on', { qos, retain: isRetained });
          await subscriber.receive({ topic: t.topic('lamp'), qos, retain: isRetained });
        }
      }
    },
  },
  {
    v5: ['MQTT-3.3.1-9'],
    needs: ['retained-messages'],
    title: 'RETAIN is 1 on what a new subscription brings, whatever Retain As Published says',
    async run(t) {
      await retain(t, 'on');
      for (const retainAsPublished of [false, true]) {
        const subscriber = await t.connect();
        await subscriber.subscribe(t.topic('lamp'), { retainAsPublished });
        await subscriber.receive({ topic: t.topic('lamp'), retain: true });
      }
    },
  },
  {
    v5: ['MQTT-3.3.1-9'],
    v3: ['MQTT-3.8.4-3'],
    needs: ['retained-messages'],
    title: 'Retain Handling 0, and 3.1.1: subscribing again brings the retained message again',
    async run(t) {
      const publisher = await retain(t, 'on');
      const subscriber = await t.connect();
      for (let times = 0; times < 3; times += 1) {
        await subscriber.subscribe(t.topic('lamp'), { retainHandling: 0 });
        await subscriber.receive({ payload: bytes`${'on'}`, retain: true });
      }
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-10'],
    needs: ['retained-messages'],
    title: 'Retain Handling 1: only a new subscription brings it, also one that was there before',
    async run(t) {
      const publisher = await retain(t, 'on');
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'), { retainHandling: 1 });
      await subscriber.receive({ payload: bytes`${'on'}`, retain: true });
      await subscriber.subscribe(t.topic('lamp'), { retainHandling: 1, qos: 1 });
      await t.expectNothing(subscriber, publisher);

      await subscriber.unsubscribe(t.topic('lamp'));
      await subscriber.subscribe(t.topic('lamp'), { retainHandling: 1 });
      await subscriber.receive({ payload: bytes`${'on'}`, retain: true });
    },
  },
  {
    v5: ['MQTT-3.3.1-10'],
    needs: ['retained-messages'],
    title: 'Retain Handling 1: the subscription of a resumed session is not new',
    async run(t) {
      const first = await t.connect(kept());
      await first.subscribe(t.topic('lamp'));
      await first.disconnect();
      const second = await resume(t, first.clientId);
      const publisher = await retain(t, 'on');
      await second.receive({ payload: bytes`${'on'}`, retain: false });
      await second.subscribe(t.topic('lamp'), { retainHandling: 1 });
      await t.expectNothing(second, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-11'],
    needs: ['retained-messages'],
    title: 'Retain Handling 2: no subscription brings it, new, repeated or made again',
    async run(t) {
      const publisher = await retain(t, 'on');
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('lamp'), { retainHandling: 2 });
      await subscriber.subscribe(t.topic('lamp'), { retainHandling: 2 });
      await subscriber.unsubscribe(t.topic('lamp'));
      await subscriber.subscribe(t.topic('lamp'), { retainHandling: 2 });
      await t.expectNothing(subscriber, publisher);
      await publisher.publish(t.topic('lamp'), 'off', { qos: 1 });
      await subscriber.receive({ payload: bytes`${'off'}` });
    },
  },
];
