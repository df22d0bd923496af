/**
 * The cases that any two clients must pass on any broker: messages, retained messages, wills,
 * wildcards and sessions, by version and QoS. One client publishes, the other receives.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  allQoS,
  freshClientId,
  type Incoming,
  type OpenClient,
  type OpenOptions,
  type Outgoing,
  type QoS,
  type Software,
  type Version,
  versionNames,
} from './software.ts';

/** Cases of one software that run at the same time; each may be a process or two. */
const concurrency = 4;

export interface Pair {
  readonly publisher: Software;
  readonly subscriber: Software;
  /** The server may send a new message before those that have waited for the client. */
  readonly newMessagesOvertake?: boolean;
  /** Known once the suite runs. */
  port(): number;
}

/** All cases of a version. */
export function exchangeSuite(pair: Pair, version: Version): void {
  suite(`version ${versionNames[version]}`, { concurrency }, () => {
    for (const qos of allQoS) {
      test(`QoS ${qos}: messages in order`, () => messagesInOrder(pair, [version, version], qos));
      test(`QoS ${qos}: retained`, () => retained(pair, version, qos));
      test(`QoS ${qos}: will`, () => will(pair, version, qos));
      test(`QoS ${qos}: wildcards`, () => wildcards(pair, version, qos));
      test(`QoS ${qos}: session`, () => session(pair, version, qos));
    }
    test('QoS is the lower one', () => lowerQoS(pair, version));
    test('payloads and topics of all kinds', () => payloadsOfAllKinds(pair, version));
  });
}

/** Messages from one to the other, who may speak different versions. */
export async function messagesInOrder(
  pair: Pair,
  [from, to]: readonly [Version, Version],
  qos: QoS,
): Promise<void> {
  const base = freshTopic();
  await using receiver = await receive(pair, { version: to, qos, filters: [`${base}/x`] });
  await using sender = await pair.publisher.open(pair.port(), { version: from });
  const sent = ['1', '2', '3'].map(payload => ({ topic: `${base}/x`, payload, qos }));
  for (const message of sent) await sender.publish(message);
  deepEqual((await receiver.take(3)).map(asSent), sent);
}

async function retained(pair: Pair, version: Version, qos: QoS): Promise<void> {
  const base = freshTopic();
  const topic = `${base}/kept`;
  await using sender = await pair.publisher.open(pair.port(), { version });
  for (const payload of ['old', 'new']) {
    await sender.publish({ topic, payload, qos, retain: true });
  }
  await settle(sender);
  {
    await using receiver = await receive(pair, { version, qos, filters: [`${base}/#`] });
    const [message] = await receiver.take(1);
    deepEqual(asSent(message), { topic, payload: 'new', qos });
    equal(message.retain, true);
    // Who is subscribed already gets it like any other.
    await sender.publish({ topic, payload: 'newer', qos, retain: true });
    equal((await receiver.take(1))[0].retain, false);
  }
  await sender.publish({ topic, payload: '', qos, retain: true });
  await settle(sender);
  await using receiver = await receive(pair, { version, qos, filters: [topic] });
  await sender.publish({ topic, payload: 'fresh', qos });
  const [message] = await receiver.take(1);
  deepEqual(
    { ...asSent(message), retain: message.retain },
    {
      topic,
      payload: 'fresh',
      qos,
      retain: false,
    },
  );
}

async function will(pair: Pair, version: Version, qos: QoS): Promise<void> {
  const base = freshTopic();
  await using watcher = await receive(pair, { version, qos, filters: [`${base}/+`] });
  const open = (topic: string): Promise<OpenClient> =>
    receive(pair, {
      version,
      filters: [`${base}/none/of/these`],
      will: { topic, payload: `will of ${topic}`, qos, retain: true },
    });
  const leaving = await open(`${base}/left`);
  await leaving.close();
  const cut = await open(`${base}/cut`);
  await cut.cut();
  const topics = [`${base}/cut`];
  if (pair.subscriber.closesWithWill.includes(version)) topics.unshift(`${base}/left`);
  const sent = topics.map(topic => ({ topic, payload: `will of ${topic}`, qos }));
  deepEqual((await watcher.take(sent.length)).map(asSent), sent);
  await using late = await receive(pair, { version, qos, filters: [`${base}/cut`] });
  const [kept] = await late.take(1);
  deepEqual({ ...asSent(kept), retain: kept.retain }, { ...sent.at(-1), retain: true });
}

async function wildcards(pair: Pair, version: Version, qos: QoS): Promise<void> {
  const base = freshTopic();
  const filters = [`${base}/+/end`, `${base}/deep/#`, `+/${base}`];
  await using receiver = await receive(pair, { version, qos, filters });
  await using sender = await pair.publisher.open(pair.port(), { version });
  const matching = [`${base}/a/end`, `${base}//end`, `${base}/deep`, `${base}/deep/a/b`];
  const others = [`${base}/a/b/end`, `${base}/end`, `${base}/deeper`, `a/b/${base}`];
  const topics = [...others, ...matching, `a/${base}`];
  for (const topic of topics) await sender.publish({ topic, payload: 'x', qos });
  const received = await receiver.take(5);
  deepEqual(
    received.map(({ topic }) => topic),
    [...matching, `a/${base}`],
  );
}

async function session(pair: Pair, version: Version, qos: QoS): Promise<void> {
  const base = freshTopic();
  const clientId = freshClientId('back');
  const options = { version, qos, clientId, clean: false, filters: [`${base}/x`] } as const;
  const before = await receive(pair, options);
  if (before.sessionPresent !== undefined) equal(before.sessionPresent, false);
  await before.close();
  await using sender = await pair.publisher.open(pair.port(), { version });
  // What happens to QoS 0 meanwhile is the server's choice.
  const away = qos === 0 ? [] : Array.from({ length: 5 }, (_, at) => `while away ${at}`);
  for (const payload of away) await sender.publish({ topic: `${base}/x`, payload, qos });
  await using after = await receive(pair, options);
  // 3.1 has no Session Present.
  if (after.sessionPresent !== undefined) equal(after.sessionPresent, version !== 3);
  const received = pair.newMessagesOvertake ? await after.take(away.length) : [];
  await sender.publish({ topic: `${base}/x`, payload: 'back', qos });
  received.push(...(await after.take(away.length + 1 - received.length)));
  deepEqual(
    received.map(asSent),
    [...away, 'back'].map(payload => ({ topic: `${base}/x`, payload, qos })),
  );
}

async function lowerQoS(pair: Pair, version: Version): Promise<void> {
  const topic = freshTopic();
  await using sender = await pair.publisher.open(pair.port(), { version });
  for (const granted of allQoS) {
    await using receiver = await receive(pair, { version, qos: granted, filters: [topic] });
    for (const qos of allQoS) await sender.publish({ topic, payload: `${qos}`, qos });
    const received = await receiver.take(3);
    deepEqual(
      received.map(({ qos }) => qos),
      allQoS.map(qos => Math.min(qos, granted)),
    );
  }
}

async function payloadsOfAllKinds(pair: Pair, version: Version): Promise<void> {
  const base = `${freshTopic()}/wetter/Zürich/気温/🌡 °C`;
  const payloads = {
    empty: new Uint8Array(0),
    'every byte': Uint8Array.from({ length: 256 }, (_, byte) => byte),
    '1 MB': new Uint8Array(1_000_000).map((_, at) => at * 7),
  };
  await using receiver = await receive(pair, { version, qos: 1, filters: [`${base}/#`] });
  await using sender = await pair.publisher.open(pair.port(), { version });
  for (const [name, payload] of Object.entries(payloads)) {
    const topic = `${base}/${name}`;
    await sender.publish({ topic, payload, qos: 1 });
    const [message] = await receiver.take(1);
    equal(message.topic, topic);
    equal(Buffer.compare(message.payload, payload), 0, name);
  }
}

function receive(pair: Pair, options: OpenOptions): Promise<OpenClient> {
  return pair.subscriber.open(pair.port(), options);
}

/** An acknowledgement tells that QoS 0 messages before it have arrived, too. */
function settle(sender: OpenClient): Promise<void> {
  return sender.publish({ topic: freshTopic(), payload: '', qos: 1 });
}

function asSent({ topic, payload, qos }: Incoming): Outgoing {
  return { topic, payload: payload.toString(), qos: qos as QoS };
}

let topics = 0;

/** A first level that no other case of this test file uses. */
export function freshTopic(): string {
  topics += 1;
  return `interop-${topics}`;
}
