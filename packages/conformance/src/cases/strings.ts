/** Cases of chapters 1.5.4 and 1.5.7 (3.1.1: 1.5.3): strings, in every field that has one. */
import { deepEqual, equal } from 'node:assert/strict';
import { PacketType, type UserProperty } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { type StringField, stringFields } from './string-fields.ts';

/** Bytes that are no UTF-8, each with what they would be. */
const illFormed: readonly Uint8Array[] = [
  bytes`80`, // goes on with nothing
  bytes`ff`,
  bytes`c3`, // ends in the middle of a character
  bytes`e2 82`,
  bytes`c0 80`, // U+0000, too long
  bytes`c0 af`, // '/', too long
  bytes`e0 80 af`,
  bytes`f0 80 80 af`,
  bytes`ed a0 80`, // U+D800
  bytes`ed bf bf`, // U+DFFF
  bytes`ed a0 bd ed b8 80`, // U+1F600 as two surrogates
  bytes`f4 90 80 80`, // U+110000
  bytes`f8 88 80 80 80`,
];

/** What stands at the edges of what each number of bytes can hold. */
const wellFormed = '~\u00a1\u07ff\u0800\ud7fb\ue000\ufffd\u{10000}\u{1f600}\u{10fffd}';

/** A case about one field: each text ends a connection of its own. */
function refusal(
  { name, isProperty, send, isConnect }: StringField,
  ids: { readonly v5: readonly string[]; readonly v3: readonly string[] },
  what: string,
  texts: readonly Uint8Array[],
): ConformanceCase {
  const inConnect = isConnect ? ['MQTT-3.1.4-1'] : [];
  return {
    v5: [...ids.v5, ...inConnect],
    ...(isProperty ? {} : { v3: [...ids.v3, ...inConnect] }),
    // 3.1 writes strings as Java does.
    versions: isProperty ? [5] : [5, 4],
    title: `${what} in ${name} closes the connection`,
    async run(t) {
      for (const text of texts) {
        const client = isConnect ? await t.client() : await t.connect();
        await send(t, client, bytes`61 ${text} 62`);
        if (!isConnect) await client.expectDisconnected();
        else if (t.version === 5) await client.expectRefused();
        else await client.expectClosed();
      }
    },
  };
}

function refusals(field: StringField): ConformanceCase[] {
  const pair = field.isPair === true ? ['MQTT-1.5.7-1'] : [];
  const ids = { v5: ['MQTT-1.5.4-1', ...pair], v3: ['MQTT-1.5.3-1'] };
  const zeroIds = { v5: ['MQTT-1.5.4-2', ...pair], v3: ['MQTT-1.5.3-2'] };
  return [
    refusal(field, ids, 'ill-formed UTF-8', illFormed),
    refusal(field, zeroIds, 'U+0000', [bytes`00`]),
  ];
}

export const stringCases: readonly ConformanceCase[] = [
  ...stringFields.flatMap(refusals),
  {
    v5: ['MQTT-1.5.4-1', 'MQTT-1.5.7-1'],
    v3: ['MQTT-1.5.3-1'],
    title: 'characters of one to four bytes come through unchanged',
    async run(t) {
      const topic = t.topic(wellFormed);
      const userProperties: UserProperty[] = [[wellFormed, wellFormed]];
      const properties = { contentType: wellFormed, userProperties };
      const client = await t.connect();
      await client.subscribe(topic);
      client.sendPublish(topic, wellFormed, t.version === 5 ? { properties } : {});
      const packet = await client.receive({ topic, payload: bytes`${wellFormed}` });
      if (t.version !== 5) return;
      equal(packet.properties?.contentType, wellFormed);
      deepEqual(packet.properties?.userProperties, userProperties);
    },
  },
  {
    v5: ['MQTT-1.5.4-3'],
    v3: ['MQTT-1.5.3-3'],
    title: 'U+FEFF is a character of a topic like any other, wherever it stands',
    async run(t) {
      const plain = t.topic('lamp');
      const topics = [`\ufeff${plain}`, `${plain}\ufeff`, t.topic('la\ufeffmp')];
      const publisher = await t.connect();
      const subscriber = await t.connect();
      await subscriber.subscribe(plain);
      for (const topic of topics) {
        const own = await t.connect();
        await own.subscribe(topic);
        await publisher.publish(topic, 'on', { qos: 1 });
        await own.receive({ topic });
        await publisher.publish(plain, 'off', { qos: 1 });
        await subscriber.receive({ topic: plain, payload: bytes`${'off'}` });
        await t.expectNothing(own, publisher);
      }
    },
  },
  {
    v5: ['MQTT-1.5.4-3', 'MQTT-1.5.7-1'],
    title: 'U+FEFF at the beginning of properties is neither skipped nor stripped',
    async run(t) {
      const text = '\ufefftext';
      const userProperties: UserProperty[] = [[text, text]];
      const client = await t.connect();
      await client.subscribe(t.topic('lamp'));
      const properties = { contentType: text, userProperties };
      client.sendPublish(t.topic('lamp'), 'on', { properties });
      const packet = await client.receive();
      equal(packet.properties?.contentType, text);
      deepEqual(packet.properties?.userProperties, userProperties);
    },
  },
  {
    v5: ['MQTT-1.5.4-1', 'MQTT-3.1.2-8'],
    title: 'DISCONNECT with an ill-formed Reason String is no goodbye: the will is published',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const will = {
        topic: t.topic('will'),
        payload: bytes`${'gone'}`,
        qos: 0,
        retain: false,
      } as const;
      const client = await t.connect({ will });
      client.send(bytes`e0 07 00 05 1f 00 02 c0 80`);
      await client.expectDisconnected();
      await watcher.expect({ type: PacketType.publish, topic: t.topic('will') });
    },
  },
];
