/** Cases of chapter 3.1.2: keep-alive, and what a client says of itself in CONNECT's properties. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';

const topicNames = ['one', 'two', 'three', 'four'] as const;

/** Publishes to several topics again and again; returns the aliases that came with them. */
async function aliasesGiven(t: CaseContext, subscriber: CaseClient): Promise<number[]> {
  const publisher = await t.connect();
  for (const name of topicNames) await subscriber.subscribe(t.topic(name), { qos: 0 });
  const aliases: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    for (const name of topicNames) {
      publisher.sendPublish(t.topic(name), 'hello');
      const { properties } = await subscriber.receive();
      if (properties?.topicAlias !== undefined) aliases.push(properties.topicAlias);
    }
  }
  return aliases;
}

export const connectLimitsCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.1.2-22', 'MQTT-3.2.2-22', 'MQTT-3.1.2-8'],
    v3: ['MQTT-3.1.2-24', 'MQTT-3.1.2-8'],
    timing: 'slow',
    title: 'silence for one and a half times the keep-alive ends the connection as if it broke',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const payload = new TextEncoder().encode('silent');
      const will = { topic: t.topic('will'), payload, qos: 0, retain: false } as const;
      const client = await t.client();
      const { properties } = await client.connect({ keepAlive: 1, will });
      if (properties?.serverKeepAlive !== undefined) t.notApplicable('it sets the keep-alive');
      await t.wait(1_000);
      await client.ping();
      await t.wait(1_000);
      await client.ping();
      // Servers look at their clients from time to time only.
      await watcher.receive({ topic: t.topic('will') }, { timeoutMs: 8_000 });
      await client.expectDisconnected(ReasonCode.keepAliveTimeout);
    },
  },
  {
    v5: ['MQTT-3.1.2-22'],
    v3: ['MQTT-3.1.2-24'],
    timing: 'slow',
    title: 'a packet that comes byte by byte is no sign of life until it is complete',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const will = { topic: t.topic('will'), payload: bytes`00`, qos: 0, retain: false } as const;
      const client = await t.client();
      const { properties } = await client.connect({ keepAlive: 1, will });
      if (properties?.serverKeepAlive !== undefined) t.notApplicable('it sets the keep-alive');
      client.send(bytes`30 7f 00 01 61`);
      for (let count = 0; count < 16; count += 1) {
        await t.wait(500);
        client.send(bytes`00`);
      }
      await watcher.receive({ topic: t.topic('will') }, { timeoutMs: 500 });
    },
  },
  {
    v5: ['MQTT-3.1.2-22'],
    v3: ['MQTT-3.1.2-24'],
    timing: 'slow',
    title: 'without keep-alive silence does not end the connection',
    async run(t) {
      const client = await t.client();
      const { properties } = await client.connect({ keepAlive: 0 });
      if (properties?.serverKeepAlive !== undefined) t.notApplicable('it sets a keep-alive');
      await t.wait(3_000);
      await client.ping();
    },
  },
  {
    v5: ['MQTT-3.1.2-24', 'MQTT-3.1.2-25'],
    title: 'a message too large for a client is not sent to it, and holds up nothing',
    async run(t) {
      const limits = { maximumPacketSize: 128, receiveMaximum: 1 };
      const subscriber = await t.connect({ properties: limits });
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const qos of t.everyQoS) {
        await publisher.publish(t.topic('news'), 'x'.repeat(200), { qos });
      }
      await publisher.publish(t.topic('news'), 'small', { qos: 1 });
      await subscriber.receive({ payload: new TextEncoder().encode('small') });
    },
  },
  {
    v5: ['MQTT-3.1.2-26', 'MQTT-3.3.2-11'],
    title: "the server's topic aliases stay within the client's maximum",
    async run(t) {
      const subscriber = await t.connect({ properties: { topicAliasMaximum: 2 } });
      const aliases = await aliasesGiven(t, subscriber);
      ok(
        aliases.every(alias => alias >= 1 && alias <= 2),
        `aliases ${aliases}`,
      );
    },
  },
  {
    v5: ['MQTT-3.1.2-27'],
    title: 'a client that announces no maximum is sent no topic aliases',
    async run(t) {
      deepEqual(await aliasesGiven(t, await t.connect()), []);
      const properties = { topicAliasMaximum: 0 };
      deepEqual(await aliasesGiven(t, await t.connect({ properties })), []);
    },
  },
  {
    v5: ['MQTT-3.1.2-28'],
    title: 'Response Information comes to no client that has not asked for it',
    async run(t) {
      for (const properties of [{}, { requestResponseInformation: false }]) {
        const client = await t.client();
        const connack = await client.connect({ properties });
        equal(connack.properties?.responseInformation, undefined);
      }
    },
  },
  {
    v5: ['MQTT-3.1.2-29'],
    title: 'a client that wants no problem information gets none in acknowledgements',
    async run(t) {
      const client = await t.connect({ properties: { requestProblemInformation: false } });
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 1 });
      const puback = await client.expect(PacketType.puback);
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2 });
      const pubrec = await client.expect(PacketType.pubrec);
      client.acknowledge(PacketType.pubrel, pubrec.packetId);
      const pubcomp = await client.expect(PacketType.pubcomp);
      client.acknowledge(PacketType.pubrel, client.packetId());
      const unknown = await client.expect(PacketType.pubcomp);
      const suback = await client.subscribe(t.topic('news'));
      client.send({
        type: PacketType.unsubscribe,
        packetId: client.packetId(),
        filters: [t.topic('never-subscribed')],
      });
      const unsuback = await client.expect(PacketType.unsuback);
      for (const { properties } of [puback, pubrec, pubcomp, unknown, suback, unsuback]) {
        equal(properties?.reasonString, undefined);
        equal(properties?.userProperties, undefined);
      }
    },
  },
];
