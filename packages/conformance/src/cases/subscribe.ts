/** Cases of chapters 3.8 and 3.9: which SUBSCRIBE is right, and what SUBACK answers. */
import { deepEqual, ok } from 'node:assert/strict';
import { PacketType, ReasonCode, type SubscriptionRequest } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { expectFiltersRefused } from './filter-refusal.ts';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

const { malformedPacket, protocolError } = ReasonCode;
const { suback, subscribe } = PacketType;

/** A SUBSCRIBE with one filter that is right; any options. */
function subscribeBytes(
  t: CaseContext,
  options: number,
  property: Uint8Array = bytes``,
): Uint8Array {
  const properties = propertyBlock(t.version, property);
  return packetBytes(0x82, [0, 1], properties, prefixed(t.topic('news')), [options]);
}

/** A request with QoS 1, and nothing else asked for, unless told otherwise. */
function request(filter: string, fields: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  const plain = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  return { filter, ...plain, ...fields };
}

/** Subscribes to the filter between two good ones: they are granted, or the connection ends. */
async function expectOthersGranted(t: CaseContext, refused: string): Promise<void> {
  const subscriber = await t.connect();
  const filters = ['before', refused, 'after'].map(name => t.topic(name));
  const packetId = subscriber.packetId();
  const subscriptions = filters.map(filter => request(filter));
  subscriber.send({ type: subscribe, packetId, subscriptions });
  const answer = await subscriber.next();
  if (answer === null) return;
  if (answer.type === PacketType.disconnect) {
    ok(answer.reasonCode >= 0x80, `DISCONNECT with ${answer.reasonCode}`);
    await subscriber.expectClosed();
    return;
  }
  ok(answer.type === suback, 'no SUBACK came');
  const [before, between, after, ...more] = answer.reasonCodes;
  const granted = subscriber.granted(1);
  deepEqual([answer.packetId, before, after, more], [packetId, granted, granted, []]);
  ok(t.version === 5 ? between >= 0x80 : between === 0x80, `the reason is ${between}`);
  const publisher = await t.connect();
  for (const name of ['hidden', 'before', 'after']) {
    publisher.sendPublish(t.topic(name), 'extra');
  }
  await subscriber.receive({ topic: filters[0] });
  await subscriber.receive({ topic: filters[2] });
}

export const malformedSubscribeCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.8.1-1', 'MQTT-2.1.3-1', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.8.1-1', 'MQTT-2.2.2-1', 'MQTT-2.2.2-2'],
    // In 3.1 the flags say whether it was sent before.
    versions: [5, 4],
    title: 'SUBSCRIBE with flags other than 0010 closes the connection',
    async run(t) {
      for (const header of [0x80, 0x81, 0x83, 0x86, 0x8a]) {
        const client = await t.connect();
        client.send(subscribeBytes(t, 0).with(0, header));
        await client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-3.8.3-2', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.8.3-3', 'MQTT-4.8.0-1'],
    // 3.1 does not forbid it.
    versions: [5, 4],
    title: 'SUBSCRIBE without a filter closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(packetBytes(0x82, [0, 1], propertyBlock(t.version)));
      await client.expectDisconnected();
    },
  },
  {
    v5: ['MQTT-3.8.3-5', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.8.3-4'],
    // 3.1 ignores them.
    versions: [5, 4],
    title: 'SUBSCRIBE with a reserved option bit set closes the connection',
    async run(t) {
      const reserved = t.version === 5 ? [0x40, 0x80] : [0x04, 0x08, 0x10, 0x20, 0x40, 0x80];
      for (const options of reserved) {
        const client = await t.connect();
        client.send(subscribeBytes(t, options));
        await client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    v3: ['MQTT-3.8.3-4'],
    versions: [5, 4],
    title: 'SUBSCRIBE with QoS 3 closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(subscribeBytes(t, 3));
      await client.expectDisconnected(malformedPacket, protocolError);
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    title: 'SUBSCRIBE with Retain Handling 3 closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(subscribeBytes(t, 0x30));
      await client.expectDisconnected(malformedPacket, protocolError);
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    needs: ['subscription-identifiers'],
    title: 'SUBSCRIBE with a Subscription Identifier of 0 closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(subscribeBytes(t, 0, bytes`0b 00`));
      await client.expectDisconnected(malformedPacket, protocolError);
    },
  },
  {
    v5: ['MQTT-3.8.3-4', 'MQTT-4.13.1-1'],
    needs: ['shared-subscriptions'],
    title: 'SUBSCRIBE with No Local on a shared subscription closes the connection',
    async run(t) {
      const client = await t.connect();
      const filter = prefixed(`$share/team/${t.topic('news')}`);
      client.send(packetBytes(0x82, [0, 1, 0], filter, [0x04]));
      await client.expectDisconnected(protocolError);
    },
  },
];

export const subackCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.8.4-1', 'MQTT-3.8.4-2', 'MQTT-2.2.1-6', 'MQTT-3.8.4-7'],
    v3: ['MQTT-3.8.4-1', 'MQTT-3.8.4-2', 'MQTT-2.3.1-7', 'MQTT-3.8.4-5'],
    title: 'SUBSCRIBE is answered by SUBACK with its packet identifier',
    async run(t) {
      const client = await t.connect();
      for (const packetId of [1, 0x1234, 0xffff]) {
        const subscriptions = [request(t.topic('news'))];
        client.send({ type: subscribe, packetId, subscriptions });
        await client.expect({ type: suback, packetId, reasonCodes: [client.granted(1)] });
      }
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.8.4-5', 'MQTT-3.8.4-6', 'MQTT-3.8.4-7', 'MQTT-3.9.3-1', 'MQTT-3.9.3-2'],
    v3: ['MQTT-3.8.4-4', 'MQTT-3.8.4-5', 'MQTT-3.9.3-1', 'MQTT-3.9.3-2'],
    needs: ['qos-1', 'qos-2'],
    title: 'several filters have one SUBACK, with what each is granted in their order',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const subscriptions = ([0, 2, 1, 1, 2] as const).map((qos, i) =>
        request(t.topic(`news/${i}`), { qos }),
      );
      const packetId = subscriber.packetId();
      subscriber.send({ type: subscribe, packetId, subscriptions });
      await subscriber.expect({ type: suback, packetId, reasonCodes: [0, 2, 1, 1, 2] });
      for (const { filter, qos } of subscriptions) {
        await publisher.publish(filter, 'extra', { qos: 2 });
        await subscriber.receive({ topic: filter, qos });
      }
      await subscriber.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.8.4-5'],
    v3: ['MQTT-3.8.4-4'],
    title: 'of two requests for the same filter in one SUBSCRIBE the later one holds',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('news');
      const subscriptions = [request(topic, { qos: 2 }), request(topic, { qos: 0 })];
      const packetId = subscriber.packetId();
      subscriber.send({ type: subscribe, packetId, subscriptions });
      await subscriber.expect({ type: suback, packetId, reasonCodes: [subscriber.granted(2), 0] });
      await publisher.publish(topic, 'extra', { qos: subscriber.granted(1) });
      await subscriber.receive({ topic, qos: 0 });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.8.4-6', 'MQTT-3.8.4-7', 'MQTT-3.9.3-1', 'MQTT-3.9.3-2'],
    v3: ['MQTT-3.8.4-5', 'MQTT-3.9.3-1', 'MQTT-3.9.3-2'],
    title: 'a filter that is none has a failure at its place in SUBACK, or ends the connection',
    run: t => expectOthersGranted(t, 'a#'),
  },
  {
    v5: ['MQTT-3.8.4-6', 'MQTT-3.8.4-7', 'MQTT-3.9.3-1', 'MQTT-3.9.3-2'],
    v3: ['MQTT-3.8.4-5', 'MQTT-3.9.3-1', 'MQTT-3.9.3-2'],
    needs: ['authorization'],
    title: 'a filter that is not allowed has a failure at its place in SUBACK, and brings nothing',
    run: t => expectOthersGranted(t, 'hidden'),
  },
  {
    v5: ['MQTT-3.9.2-1', 'MQTT-3.9.2-2', 'MQTT-3.1.2-24'],
    title: 'SUBACK leaves out whatever would make it too large for the client',
    async run(t) {
      const client = await t.connect({ properties: { maximumPacketSize: 100 } });
      const filters = Array.from({ length: 90 }, (_, i) => t.topic(String(i)));
      const packetId = client.packetId();
      const subscriptions = filters.map(filter => request(filter));
      client.send({ type: subscribe, packetId, subscriptions });
      const answer = await client.nextBytes();
      ok(answer !== null && answer[0] === 0x90, 'no SUBACK came');
      // 2 bytes of header, 2 of packet identifier, 1 without properties, 90 reasons
      ok(answer.length >= 95 && answer.length <= 100, `SUBACK has ${answer.length} bytes`);
    },
  },
];

/** About servers that do without; the others have nothing to refuse. */
export const lackingSubscribeCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.9.3-2'],
    v3: ['MQTT-3.8.3-2'],
    title: 'a server without wildcard subscriptions refuses a filter with a wildcard',
    async run(t) {
      if (t.capabilities['wildcard-subscriptions']) t.notApplicable('it has wildcards');
      await expectFiltersRefused(t, [t.topic('+'), t.topic('#'), t.topic('+/a')]);
      const client = await t.connect();
      await client.subscribe(t.topic('news'));
    },
  },
  {
    v5: ['MQTT-3.9.3-2'],
    title: 'a server without shared subscriptions refuses a shared filter',
    async run(t) {
      if (t.capabilities['shared-subscriptions']) t.notApplicable('it has them');
      await expectFiltersRefused(t, [`$share/team/${t.topic('news')}`]);
    },
  },
  {
    v5: ['MQTT-3.9.3-2'],
    title: 'a server without subscription identifiers refuses a SUBSCRIBE with one',
    async run(t) {
      if (t.capabilities['subscription-identifiers']) t.notApplicable('it has them');
      const client = await t.connect();
      client.send(subscribeBytes(t, 0, bytes`0b 01`));
      await client.expectFilterRefused();
    },
  },
];
