/** Cases of chapter 4.7: topic names, topic filters, and which matches which. */
import { deepEqual, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { connectBytes } from './connect-bytes.ts';
import { expectFiltersRefused } from './filter-refusal.ts';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

const { malformedPacket, protocolError, topicNameInvalid } = ReasonCode;
const { suback } = PacketType;

/** Subscribes with QoS 0, although other messages may come before SUBACK. */
async function subscribeAmongOthers(client: CaseClient, filter: string): Promise<void> {
  const options = { noLocal: false, retainAsPublished: false, retainHandling: 2 } as const;
  const subscriptions = [{ filter, qos: 0, ...options } as const];
  client.send({ type: PacketType.subscribe, packetId: client.packetId(), subscriptions });
  for (;;) {
    const packet = await client.next();
    ok(packet !== null, 'the connection ended');
    if (packet.type !== suback) continue;
    deepEqual(packet.reasonCodes, [0]);
    return;
  }
}

/** Topics that match the filter and some that do not, all below a topic of the case. */
const matching: readonly [filter: string, matches: string[], others: string[]][] = [
  ['a', ['a'], ['A', 'aa', 'a/', 'b', '']],
  ['a/b', ['a/b'], ['a', 'a/b/', 'a/B', 'a/bb', 'a//b', 'a/b/c']],
  ['+', ['a', ''], ['a/b', '/', 'a/']],
  ['a/+', ['a/b', 'a/'], ['a', 'a/b/c', 'a/b/', 'b/a']],
  ['+/b', ['a/b', '/b'], ['b', 'a/b/b', 'a/c']],
  ['+/+', ['a/b', '/', 'a/', '/b'], ['a', 'a/b/c', '//']],
  ['a/+/c', ['a/b/c', 'a//c'], ['a/c', 'a/b/b/c', 'a/b', 'a/b/c/']],
  ['a/#', ['a', 'a/', 'a/b', 'a/b/c', 'a//'], ['b', 'aa', 'A', 'aa/b']],
  ['a/+/#', ['a/b', 'a/', 'a/b/c', 'a//c/d'], ['a', 'b/a']],
  ['#', ['a', '', 'a/b', '//'], []],
  ['+/#', ['a', '', 'a/b/c', '//'], []],
];

export const topicFilterCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.7.1-1'],
    v3: ['MQTT-4.7.1-2'],
    title: "a filter with '#' before its end, or in a level with more, is refused",
    async run(t) {
      const filters = ['a#', '#a', 'a/b#', '#/a', 'a/#/b', '##', '#/', '+#', '#+'];
      await expectFiltersRefused(t, filters.map(t.topic.bind(t)));
      await expectFiltersRefused(t, ['#/a', '#a', '##', '#/#']);
    },
  },
  {
    v5: ['MQTT-4.7.1-2'],
    v3: ['MQTT-4.7.1-3'],
    title: "a filter with '+' in a level with more is refused",
    async run(t) {
      const filters = ['a+', '+a', 'a+/b', '+a/b', 'a/b+', 'a/+b/c', '++', 'a+b'];
      await expectFiltersRefused(t, filters.map(t.topic.bind(t)));
      await expectFiltersRefused(t, ['+a', '++', 'a+/b']);
    },
  },
  {
    v5: ['MQTT-4.7.1-1', 'MQTT-4.7.1-2', 'MQTT-4.7.3-4', 'MQTT-4.5.0-1'],
    v3: ['MQTT-4.7.1-2', 'MQTT-4.7.1-3', 'MQTT-4.7.3-4', 'MQTT-3.3.2-3', 'MQTT-4.5.0-1'],
    needs: ['wildcard-subscriptions'],
    title: "'+' matches one level, '#' the level above and all below, and nothing else matches",
    async run(t) {
      const publisher = await t.connect();
      for (const [i, [filter, matches, others]] of matching.entries()) {
        const below = (name: string): string => t.topic(`${i}/${name}`);
        const subscriber = await t.connect();
        await subscriber.subscribe(below(filter), { qos: 0 });
        for (const name of [...others, ...matches]) publisher.sendPublish(below(name), name);
        for (const name of matches) await subscriber.receive({ topic: below(name) });
        await t.expectNothing(subscriber, publisher);
      }
    },
  },
  {
    v5: ['MQTT-4.7.3-1'],
    v3: ['MQTT-4.7.3-1'],
    title: 'an empty filter is refused',
    run: t => expectFiltersRefused(t, ['']),
  },
  {
    v5: ['MQTT-4.7.3-2'],
    v3: ['MQTT-4.7.3-2'],
    title: 'a filter with U+0000 is refused',
    run: t => expectFiltersRefused(t, [t.topic('a\0b'), t.topic('\0'), '\0']),
  },
];

export const topicNameCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.7.0-1', 'MQTT-3.3.2-2', 'MQTT-4.13.1-1'],
    v3: ['MQTT-4.7.1-1', 'MQTT-3.3.2-2', 'MQTT-4.8.0-1'],
    title: 'PUBLISH to a topic with a wildcard closes the connection and goes nowhere',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('#'));
      for (const name of ['+', '#', 'a/+', 'a/#', 'a/+/b', 'a+', 'a#b']) {
        for (const packetId of [[], [0, 1]]) {
          const client = await t.connect();
          const header = packetId.length === 0 ? 0x30 : 0x32;
          const topic = prefixed(t.topic(name));
          client.send(packetBytes(header, topic, packetId, propertyBlock(t.version), 'stray'));
          await client.expectDisconnected(malformedPacket, protocolError, topicNameInvalid);
        }
      }
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-4.7.0-1', 'MQTT-3.1.4-1'],
    v3: ['MQTT-4.7.1-1'],
    title: 'CONNECT with a wildcard in its will topic is refused',
    async run(t) {
      for (const name of ['+', 'a/#']) {
        const client = await t.client();
        const payload = bytes`
          ${prefixed(t.clientId())} ${propertyBlock(t.version)}
          ${prefixed(t.topic(name))} ${prefixed('gone')}
        `;
        client.send(connectBytes(t.version, { flags: 0x06, payload }));
        await client.expectRefused();
      }
    },
  },
  {
    v5: ['MQTT-4.7.3-1', 'MQTT-4.13.1-1'],
    v3: ['MQTT-4.7.3-1', 'MQTT-4.8.0-1'],
    title: 'PUBLISH to an empty topic closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(packetBytes(0x30, prefixed(''), propertyBlock(t.version), 'stray'));
      await client.expectDisconnected();
    },
  },
  {
    v5: ['MQTT-4.7.3-2', 'MQTT-1.5.4-2', 'MQTT-4.13.1-1'],
    v3: ['MQTT-4.7.3-2', 'MQTT-1.5.3-2'],
    title: 'PUBLISH to a topic with U+0000 closes the connection and goes nowhere',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('#'));
      for (const name of ['\0', 'a\0', '\0a', 'a/\0/b']) {
        const client = await t.connect();
        const topic = prefixed(t.topic(name));
        client.send(packetBytes(0x30, topic, propertyBlock(t.version), 'stray'));
        await client.expectDisconnected();
      }
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-4.7.3-3', 'MQTT-4.7.3-4'],
    v3: ['MQTT-4.7.3-3', 'MQTT-4.7.3-4'],
    title: 'a topic of 65,535 bytes is one like any other, and matches to its last byte',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const long = t.topic('').padEnd(65_535, 'ab');
      subscriber.send(packetBytes(0x82, [0, 1], propertyBlock(t.version), prefixed(long), [0]));
      const answer = await subscriber.next();
      if (answer?.type !== suback || answer.reasonCodes[0] >= 0x80) {
        t.notApplicable('it does not take a filter that long');
      }
      publisher.sendPublish(`${long.slice(0, -1)}-`, 'other');
      publisher.sendPublish(long.slice(0, -1), 'shorter');
      publisher.sendPublish(long, 'long');
      const { topic, payload } = await subscriber.receive();
      ok(topic === long, `the topic has ${topic.length} characters`);
      deepEqual(payload, bytes`${'long'}`);
    },
  },
  {
    v5: ['MQTT-4.7.3-4', 'MQTT-4.5.0-1'],
    v3: ['MQTT-4.7.3-4', 'MQTT-4.5.0-1'],
    title:
      'topics that differ in case, space, an empty level or how a letter is composed are others',
    async run(t) {
      const names = [
        ...['Cafe', 'cafe', 'cafe ', ' cafe', 'cafe/', '/cafe', '//cafe', 'cafe//'],
        ...['caf\u00e9', 'cafe\u0301', '\uff43afe', './cafe', 'x/../cafe', 'cafe?', '%63afe'],
      ];
      const publisher = await t.connect();
      const subscribers: CaseClient[] = [];
      for (const name of names) {
        const subscriber = await t.connect();
        await subscriber.subscribe(t.topic(name), { qos: 0 });
        subscribers.push(subscriber);
      }
      for (const name of names) await publisher.publish(t.topic(name), name, { qos: 1 });
      for (const [i, subscriber] of subscribers.entries()) {
        await subscriber.receive({ topic: t.topic(names[i]), payload: bytes`${names[i]}` });
        await t.expectNothing(subscriber, publisher);
      }
    },
  },
];

/** A topic with '$' that no other case uses, and what stands after its first level. */
function dollarTopic(t: CaseContext): { topic: string; rest: string } {
  const rest = t.topic('secret').slice('conformance'.length);
  return { topic: `$conformance${rest}`, rest };
}

export const dollarTopicCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.7.2-1'],
    v3: ['MQTT-4.7.2-1'],
    needs: ['wildcard-subscriptions'],
    title: "filters that begin with a wildcard do not match topics that begin with '$'",
    async run(t) {
      const { topic, rest } = dollarTopic(t);
      const publisher = await t.connect();
      const watchers: CaseClient[] = [];
      for (const filter of [`+${rest}`, `+${rest.replace(/[^/]*$/, '#')}`, '+/+/+', '+/#', '#']) {
        const watcher = await t.connect();
        await subscribeAmongOthers(watcher, filter);
        watchers.push(watcher);
      }
      await publisher.publish(topic, 'secret', { qos: 1 });
      for (const watcher of watchers) {
        // Messages of other cases come too.
        const topics = (await collectMessages(t, watcher, publisher)).map(one => one.topic);
        deepEqual(
          topics.filter(name => name.endsWith(rest) || name.startsWith('$')),
          [],
        );
      }
    },
  },
  {
    v5: ['MQTT-4.7.2-1'],
    needs: ['shared-subscriptions', 'wildcard-subscriptions'],
    title: "shared filters that begin with a wildcard do not match topics that begin with '$'",
    async run(t) {
      const { topic, rest } = dollarTopic(t);
      const publisher = await t.connect();
      const member = await t.connect();
      await member.subscribe(`$share/${t.clientId()}/+${rest}`);
      await publisher.publish(topic, 'secret', { qos: 1 });
      await t.expectNothing(member, publisher);
      await publisher.publish(t.topic('secret'), 'open', { qos: 1 });
      await member.receive({ payload: bytes`${'open'}` });
    },
  },
  {
    v5: ['MQTT-4.7.2-1', 'MQTT-4.5.0-1'],
    v3: ['MQTT-4.7.2-1', 'MQTT-4.5.0-1'],
    needs: ['wildcard-subscriptions'],
    title: "a filter that begins with '$' matches such topics, beside one that begins with '+'",
    async run(t) {
      const { topic, rest } = dollarTopic(t);
      const publisher = await t.connect();
      const subscriber = await t.connect();
      await subscriber.subscribe(`+${rest}`, { qos: 0 });
      await subscriber.subscribe(topic.replace(/[^/]*$/, '#'), { qos: 0 });
      publisher.sendPublish(topic, 'secret');
      publisher.sendPublish(`conformance${rest}`, 'open');
      const payloads = (await collectMessages(t, subscriber, publisher)).map(textOf);
      if (payloads.length === 1 && payloads[0] === 'open') {
        t.notApplicable("it keeps clients from topics that begin with '$'");
      }
      deepEqual(payloads, ['secret', 'open']);
    },
  },
];
