/** Cases of chapters 4.9 and 3.3.4: Receive Maximum, on either side. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';

const { disconnect, publish, puback, pubrec, pubrel, pubcomp, suback, unsuback } = PacketType;

/** Above it, a server's Receive Maximum is too much to use up. */
const receiveMaximumTried = 4_096;

/** A client of 5.0 that subscribes, with this Receive Maximum, and one that publishes. */
async function limited(
  t: CaseContext,
  receiveMaximum: number,
): Promise<[subscriber: CaseClient, publisher: CaseClient]> {
  const subscriber = await t.connect(kept({ receiveMaximum }));
  await subscriber.subscribe(t.topic('news'));
  return [subscriber, await t.connect()];
}

/** A client that may publish, and the server's Receive Maximum. */
async function publisherTo(t: CaseContext): Promise<[client: CaseClient, receiveMaximum: number]> {
  const client = await t.client();
  const { properties } = await client.connect();
  const receiveMaximum = properties?.receiveMaximum ?? 65_535;
  if (receiveMaximum > receiveMaximumTried) t.notApplicable('its Receive Maximum is too large');
  return [client, receiveMaximum];
}

export const flowControlCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.4-9', 'MQTT-4.9.0-1', 'MQTT-4.9.0-2'],
    needs: ['qos-1', 'qos-2'],
    title: "messages under way stay within the client's Receive Maximum, and all come in the end",
    async run(t) {
      for (const receiveMaximum of [1, 3]) {
        const [subscriber, publisher] = await limited(t, receiveMaximum);
        const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
        for (const text of texts) await publisher.publish(t.topic('news'), text, { qos: 1 });
        const options = { isAcknowledged: false };
        const first = await collectMessages(t, subscriber, publisher, options);
        ok(first.length >= 1 && first.length <= receiveMaximum, `${first.length} under way`);
        const messages = [...first];
        for (const { packetId } of messages) {
          subscriber.acknowledge(puback, packetId);
          if (messages.length === texts.length) continue;
          messages.push(await subscriber.expect({ type: publish, qos: 1 }));
          await subscriber.expectNothing();
        }
        deepEqual(messages.map(textOf), texts);
      }
    },
  },
  {
    v5: ['MQTT-3.3.4-9', 'MQTT-4.9.0-2', 'MQTT-4.9.0-3'],
    needs: ['qos-2'],
    title:
      'a QoS 2 message is under way until PUBCOMP, and PUBREL comes though no more may be sent',
    async run(t) {
      const [subscriber, publisher] = await limited(t, 1);
      for (const text of ['a', 'b']) {
        await publisher.publish(t.topic('news'), text, { qos: 2 });
      }
      const { packetId } = await subscriber.expect({ type: publish, payload: bytes`${'a'}` });
      subscriber.acknowledge(pubrec, packetId);
      await subscriber.expect({ type: pubrel, packetId });
      await t.expectNothing(subscriber, publisher);
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.receive({ payload: bytes`${'b'}` });
    },
  },
  {
    v5: ['MQTT-4.9.0-2', 'MQTT-4.4.0-2'],
    needs: ['qos-1', 'qos-2'],
    title: 'a message that the client refuses is under way no longer',
    async run(t) {
      const [subscriber, publisher] = await limited(t, 1);
      for (const qos of [1, 2, 2, 1] as const) {
        await publisher.publish(t.topic('news'), 'hello', { qos });
      }
      for (const [qos, type] of [
        [1, puback],
        [2, pubrec],
        [2, pubrec],
        [1, puback],
      ] as const) {
        const { packetId } = await subscriber.expect({ type: publish, qos });
        await subscriber.expectNothing();
        subscriber.acknowledge(type, packetId, ReasonCode.quotaExceeded);
      }
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.4-9', 'MQTT-4.9.0-1'],
    needs: ['qos-2'],
    title: 'a PUBCOMP that is repeated makes no room for more than Receive Maximum',
    async run(t) {
      const [subscriber, publisher] = await limited(t, 1);
      await publisher.publish(t.topic('news'), 'first', { qos: 2 });
      const { packetId } = await subscriber.receive({ qos: 2 });
      subscriber.acknowledge(pubcomp, packetId);
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.ping();
      for (const text of ['a', 'b', 'c']) {
        await publisher.publish(t.topic('news'), text, { qos: 1 });
      }
      await subscriber.expect({ type: publish, payload: bytes`${'a'}` });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.4-10', 'MQTT-4.9.0-3'],
    needs: ['qos-1', 'qos-2'],
    title: 'where no more may be sent all else flows: QoS 0, answers, acknowledgements',
    async run(t) {
      const [client, publisher] = await limited(t, 1);
      for (const qos of [1, 2] as const) await publisher.publish(t.topic('news'), 'a', { qos });
      await client.expect({ type: publish, qos: 1 });

      await publisher.publish(t.topic('news'), 'b', { qos: 0 });
      await client.expect({ type: publish, qos: 0, payload: bytes`${'b'}` });
      await client.ping();
      await client.subscribe(t.topic('more'));
      await client.publish(t.topic('nobody'), 'c', { qos: 1 });
      await client.publish(t.topic('nobody'), 'c', { qos: 2 });
      client.send({ type: PacketType.unsubscribe, packetId: 9, filters: [t.topic('more')] });
      await client.expect({ type: unsuback, packetId: 9 });
      const filter = t.topic('again');
      const options = { qos: 1, noLocal: false, retainAsPublished: false } as const;
      const subscriptions = [{ filter, ...options, retainHandling: 0 } as const];
      client.send({ type: PacketType.subscribe, packetId: 10, subscriptions });
      await client.expect({ type: suback, packetId: 10 });
    },
  },
  {
    v5: ['MQTT-3.3.4-9', 'MQTT-4.9.0-1', 'MQTT-4.9.0-2', 'MQTT-4.4.0-1'],
    needs: ['qos-1'],
    title: 'resumption with a smaller Receive Maximum: what is sent again stays within it',
    async run(t) {
      const [first, publisher] = await limited(t, 4);
      const texts = ['a', 'b', 'c', 'd', 'e'];
      for (const text of texts.slice(0, 4)) {
        await publisher.publish(t.topic('news'), text, { qos: 1 });
        await first.expect({ type: publish, payload: bytes`${text}` });
      }
      await first.disconnect();
      await publisher.publish(t.topic('news'), 'e', { qos: 1 });

      const second = await resume(t, first.clientId, { receiveMaximum: 2 });
      const options = { isAcknowledged: false };
      const messages = await collectMessages(t, second, publisher, options);
      ok(messages.length >= 1 && messages.length <= 2, `${messages.length} under way`);
      for (const { packetId } of messages) {
        second.acknowledge(puback, packetId);
        if (messages.length === texts.length) continue;
        messages.push(await second.expect({ type: publish, qos: 1 }));
        await second.expectNothing();
      }
      deepEqual(messages.map(textOf), texts);
    },
  },
  {
    v5: ['MQTT-4.9.0-1', 'MQTT-4.4.0-1'],
    needs: ['qos-1'],
    title:
      'every connection begins with its whole Receive Maximum, and sending again takes no more',
    async run(t) {
      const receiveMaximum = 1;
      const [first, publisher] = await limited(t, receiveMaximum);
      const { clientId } = first;
      let subscriber = first;
      for (const text of ['a', 'b', 'c']) {
        await publisher.publish(t.topic('news'), text, { qos: 1 });
        await subscriber.expect({ type: publish, payload: bytes`${text}`, dup: false });
        await subscriber.disconnect();
        subscriber = await resume(t, clientId, { receiveMaximum });
        await subscriber.receive({ payload: bytes`${text}`, dup: true });
      }
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.3.4-7'],
    needs: ['qos-2'],
    title: "the server's Receive Maximum can be used up, and repeats do not count",
    async run(t) {
      const [client, receiveMaximum] = await publisherTo(t);
      for (let packetId = 1; packetId <= receiveMaximum; packetId += 1) {
        client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId });
        await client.expect({ type: pubrec, packetId });
      }
      await client.ping();
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId: 1, dup: true });
      await client.expect({ type: pubrec, packetId: 1 });
      client.acknowledge(pubrel, 1);
      await client.expect({ type: pubcomp, packetId: 1 });
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId: 65_535 });
      await client.expect({ type: pubrec, packetId: 65_535 });
    },
  },
  {
    v5: ['MQTT-3.3.4-7'],
    needs: ['qos-2'],
    title: "more than the server's Receive Maximum closes the connection with 0x93",
    async run(t) {
      const [client, receiveMaximum] = await publisherTo(t);
      for (let packetId = 1; packetId <= receiveMaximum + 1; packetId += 1) {
        client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId });
      }
      let answer = await client.next();
      for (let answers = 0; answer?.type === pubrec && answers < receiveMaximum; answers += 1) {
        ok(answer.reasonCode < 0x80, `PUBREC with ${answer.reasonCode}`);
        answer = await client.next();
      }
      if (answer === null) return;
      ok(answer.type === disconnect, 'neither DISCONNECT nor a close');
      equal(answer.reasonCode, ReasonCode.receiveMaximumExceeded);
      await client.expectClosed();
    },
  },
];
