/** Cases of chapter 3.3.2.3.4, Topic Alias, both ways. A server need not use any itself. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { PacketType, type PublishPacket, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';
import { publishBytes } from './publish-bytes.ts';

const { malformedPacket, protocolError, topicAliasInvalid } = ReasonCode;

/** Of more than this many aliases some are tried. */
const aliasesTried = 64;

/** The server's Topic Alias Maximum. */
async function aliasMaximum(t: CaseContext): Promise<number> {
  const client = await t.client();
  const { properties } = await client.connect();
  return properties?.topicAliasMaximum ?? 0;
}

/** The topic of a message, by what its connection has said of aliases so far. */
function topicOf({ topic, properties }: PublishPacket, aliases: Map<number, string>): string {
  const alias = properties?.topicAlias;
  if (alias === undefined) return topic;
  if (topic !== '') aliases.set(alias, topic);
  const known = aliases.get(alias);
  ok(known !== undefined, `alias ${alias} stands for no topic yet`);
  return known;
}

export const topicAliasCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.2-12'],
    needs: ['topic-aliases', 'wildcard-subscriptions'],
    title: "every topic alias up to the server's maximum is accepted",
    async run(t) {
      const maximum = await aliasMaximum(t);
      const first = Math.max(1, maximum - aliasesTried);
      const aliases = Array.from({ length: maximum - first + 1 }, (_, index) => first + index);
      if (first > 1) aliases.unshift(1);
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('+'), { qos: 0 });
      for (const topicAlias of aliases) {
        publisher.sendPublish(t.topic(`${topicAlias}`), 'named', { properties: { topicAlias } });
        await subscriber.receive({ topic: t.topic(`${topicAlias}`), payload: bytes`${'named'}` });
      }
      for (const topicAlias of aliases) {
        publisher.sendPublish('', 'aliased', { properties: { topicAlias } });
        await subscriber.receive({ topic: t.topic(`${topicAlias}`), payload: bytes`${'aliased'}` });
      }
    },
  },
  {
    v5: ['MQTT-3.3.2-12'],
    needs: ['topic-aliases', 'qos-1', 'qos-2'],
    title: 'a topic alias can be given another topic, and serves every QoS',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const properties = { topicAlias: 1 };
      for (const name of ['one', 'two']) await subscriber.subscribe(t.topic(name));
      for (const name of ['one', 'two', 'one']) {
        for (const qos of t.everyQoS) {
          await publisher.publish(t.topic(name), 'named', { qos, properties });
          await subscriber.receive({ topic: t.topic(name), payload: bytes`${'named'}` });
          await publisher.publish('', 'aliased', { qos, properties });
          await subscriber.receive({ topic: t.topic(name), payload: bytes`${'aliased'}` });
        }
      }
    },
  },
  {
    v5: ['MQTT-3.3.2-7'],
    needs: ['topic-aliases'],
    title: 'a topic alias belongs to one connection, and means something else on another',
    async run(t) {
      const subscriber = await t.connect();
      const [one, two] = [await t.connect(), await t.connect()];
      const properties = { topicAlias: 1 };
      for (const name of ['one', 'two']) await subscriber.subscribe(t.topic(name), { qos: 0 });
      await one.publish(t.topic('one'), 'named', { qos: 1, properties });
      await two.publish(t.topic('two'), 'named', { qos: 1, properties });
      await one.publish('', 'aliased', { qos: 1, properties });
      await two.publish('', 'aliased', { qos: 1, properties });
      const messages = await collectMessages(t, subscriber, one);
      const topics = messages.map(({ topic }) => topic);
      deepEqual(
        topics,
        ['one', 'two', 'one', 'two'].map(name => t.topic(name)),
      );
    },
  },
  {
    v5: ['MQTT-3.3.2-7'],
    title: 'a topic alias of an earlier connection, or of none, closes the connection',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('one'));
      const properties = { topicAlias: 1 };
      const first = await t.connect(kept());
      if (t.capabilities['topic-aliases']) {
        await first.publish(t.topic('one'), 'named', { qos: 1, properties });
        await watcher.receive({ topic: t.topic('one') });
      }
      await first.disconnect();
      const second = await resume(t, first.clientId);
      second.sendPublish('', 'aliased', { properties });
      await second.expectDisconnected(topicAliasInvalid, protocolError);
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-3.3.2-8'],
    title: 'topic alias 0 closes the connection',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('one'));
      const client = await t.connect();
      client.send(publishBytes(5, { topic: t.topic('one'), properties: bytes`23 00 00` }));
      await client.expectDisconnected(topicAliasInvalid, protocolError, malformedPacket);
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-3.3.2-9'],
    title: "a topic alias above the server's maximum closes the connection",
    async run(t) {
      const topicAlias = (await aliasMaximum(t)) + 1;
      if (topicAlias > 65_535) t.notApplicable('there is none above its maximum');
      const client = await t.connect();
      client.sendPublish(t.topic('one'), 'hello', { properties: { topicAlias } });
      await client.expectDisconnected(topicAliasInvalid, protocolError);
    },
  },
  {
    v5: ['MQTT-3.3.2-7', 'MQTT-3.3.2-8', 'MQTT-3.3.2-11', 'MQTT-3.1.2-26'],
    title: "the server's topic aliases can be resolved, on every connection anew",
    async run(t) {
      const names = ['one', 'two', 'three'];
      const topicAliasMaximum = 2;
      const publisher = await t.connect();
      let subscriber = await t.connect(kept({ topicAliasMaximum }));
      const { clientId } = subscriber;
      for (const name of names) await subscriber.subscribe(t.topic(name), { qos: 1 });
      for (let connections = 0; connections < 3; connections += 1) {
        const aliases = new Map<number, string>();
        for (const name of [...names, ...names, ...names.toReversed()]) {
          await publisher.publish(t.topic(name), 'hello', { qos: 1 });
          equal(topicOf(await subscriber.receive(), aliases), t.topic(name));
        }
        ok(aliases.size <= topicAliasMaximum, `aliases ${[...aliases.keys()]}`);
        ok([...aliases.keys()].every(alias => alias <= topicAliasMaximum));
        await subscriber.disconnect();
        subscriber = await resume(t, clientId, { topicAliasMaximum });
      }
    },
  },
  {
    v5: ['MQTT-3.3.2-7', 'MQTT-3.3.2-11', 'MQTT-3.1.2-27'],
    title: 'what is sent again, or has waited, has its topic; the maximum is 0 where it is absent',
    async run(t) {
      const topic = t.topic('news');
      const publisher = await t.connect();
      const first = await t.connect(kept({ topicAliasMaximum: 5 }));
      await first.subscribe(topic, { qos: 1 });
      const aliases = new Map<number, string>();
      const texts = ['a', 'b', 'c', 'd'];
      for (const text of texts.slice(0, 2)) {
        await publisher.publish(topic, text, { qos: 1 });
        equal(topicOf(await first.expect(PacketType.publish), aliases), topic);
      }
      await first.disconnect();
      for (const text of texts.slice(2)) await publisher.publish(topic, text, { qos: 1 });

      const second = await resume(t, first.clientId);
      const messages = await collectMessages(t, second, publisher);
      deepEqual(messages.map(textOf), texts);
      for (const message of messages) {
        equal(message.topic, topic);
        equal(message.properties?.topicAlias, undefined);
      }
    },
  },
];
