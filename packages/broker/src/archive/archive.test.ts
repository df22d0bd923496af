import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { HandEngine } from '../testing/hand-engine.ts';
import {
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
  textOf,
} from '../testing/test-broker.ts';
import { readArchive } from './archive-reader.ts';
import type { ArchivedSession, ArchiveRecord } from './archive-record.ts';
import { ArchiveWriter } from './archive-writer.ts';

const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;
const session = (clientId: string, fields: Partial<ArchivedSession> = {}): ArchivedSession => ({
  kind: 'session',
  clientId,
  expirySeconds: 3600,
  expiresAtMs: null,
  sentUpTo: 0,
  received: [],
  inbound: [],
  ...fields,
});
const durable = { properties: { sessionExpiryInterval: 3600 }, cleanStart: false };

async function recordsOf(engine: HandEngine): Promise<ArchiveRecord[]> {
  await engine.start();
  const records: ArchiveRecord[] = [];
  for await (const record of readArchive(engine)) records.push(record);
  return records;
}

async function written(records: readonly ArchiveRecord[]): Promise<HandEngine> {
  const engine = new HandEngine(true);
  const writer = new ArchiveWriter(engine);
  await writer.start();
  for (const record of records) await writer.add(record);
  await writer.finish();
  await engine.stop();
  return engine.crash();
}

async function brokerOn(engine: HandEngine, before?: TestBroker): Promise<TestBroker> {
  const world = testBroker({ engine }, before?.clock);
  await world.broker.start();
  return world;
}

/** A broker's content with one of everything: in flight at each step, waiting, shared, inbound. */
async function fullWorld(): Promise<{ world: TestBroker; engine: HandEngine }> {
  const engine = new HandEngine(true);
  const world = await brokerOn(engine);
  const { connected, broker, settle } = world;
  const anna = await connected({
    clientId: 'anna',
    ...durable,
    properties: { sessionExpiryInterval: 3600, receiveMaximum: 3 },
    will: {
      topic: 'will/anna',
      payload: Buffer.from('gone'),
      qos: 1,
      retain: true,
      properties: { willDelayInterval: 900, contentType: 'text/plain' },
    },
  });
  await subscribe(anna, 'a/#', { retainAsPublished: true });
  anna.send({
    type: PacketType.subscribe,
    packetId: 2,
    subscriptions: [
      { filter: '$share/g/s', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
    ],
    properties: { subscriptionIdentifiers: [70_000] },
  });
  await anna.expect(PacketType.suback);
  const bert = await connected({ clientId: 'bert', ...durable });
  await subscribe(bert, 'a/+', { qos: 1, noLocal: true });
  bert.stream.destroy();
  await settle();
  const properties = {
    messageExpiryInterval: 600,
    correlationData: Buffer.of(0, 255),
    userProperties: [['k', 'é'] as const],
  };
  for (const text of ['1', '2', '3', '4']) {
    broker.publish('a/b', text, { qos: 2, retain: text === '3', properties });
  }
  broker.publish('s', 'shared', { qos: 1 });
  await settle();
  const [first, second] = [await anna.expect(publish), await anna.expect(publish)];
  anna.send({ type: pubrec, packetId: second.packetId, reasonCode: 0 });
  await anna.expect(publish);
  await anna.expect({ type: pubrel, packetId: second.packetId });
  assert.equal(first.packetId, 1);
  anna.send(publishOf('other', 'inbound', { qos: 2, packetId: 9, retain: true }));
  await anna.expect({ type: pubrec, packetId: 9 });
  anna.stream.destroy();
  await settle();
  return { world, engine };
}

suite('archive', () => {
  test('says what a broker keeps', async () => {
    const { engine } = await fullWorld();
    const records = await recordsOf(engine.crash());
    const kinds = records.map(({ kind }) => kind);
    assert.deepEqual(
      [...new Set(kinds)],
      ['session', 'subscription', 'message', 'retained', 'will'],
    );
    const anna = records.find(record => record.kind === 'session' && record.clientId === 'anna');
    assert.ok(anna?.kind === 'session');
    assert.deepEqual([anna.sentUpTo, anna.received, anna.inbound], [3, [2], [9]]);
    const numbers = records.flatMap(record =>
      record.kind === 'message'
        ? [record.targets.map(({ clientId, number }) => `${clientId} ${number}`)]
        : [],
    );
    assert.deepEqual(numbers, [
      ['anna 1', 'bert 1'],
      ['bert 2'],
      ['anna 3', 'bert 3'],
      ['anna 4', 'bert 4'],
      ['anna 5'],
    ]);
    const shared = records.find(record => record.kind === 'message' && record.topic === 's');
    assert.ok(shared?.kind === 'message');
    assert.deepEqual(shared.targets[0].share, '$share/g/s');
    assert.deepEqual(shared.targets[0].identifiers, [70_000]);
  });

  test('becomes the same content again', async () => {
    const { engine } = await fullWorld();
    const records = await recordsOf(engine.crash());
    const copy = await recordsOf(await written(records));
    assert.deepEqual(copy, records);
  });

  test('a broker goes on with what was written: every half of QoS 2', async () => {
    const { world, engine } = await fullWorld();
    const copy = await written(await recordsOf(engine.crash()));
    const { connected } = await brokerOn(copy, world);
    const anna = await connected({ clientId: 'anna', ...durable });
    await anna.expect({ type: pubrel, packetId: 2 });
    for (const [packetId, text, dup] of [
      [1, '1', true],
      [3, '3', true],
      [4, '4', false],
      [5, 'shared', false],
    ] as const) {
      const packet = await anna.expect({ type: publish, packetId, dup });
      assert.equal(textOf(packet), text);
    }
    anna.send(publishOf('a/b', 'inbound', { qos: 2, packetId: 9, dup: true }));
    await anna.expect({ type: pubrec, packetId: 9 });
    anna.send({ type: pubrel, packetId: 9, reasonCode: 0 });
    await anna.expect({ type: pubcomp, packetId: 9 });
    const bert = await connected({ clientId: 'bert', ...durable });
    for (const packetId of [1, 2, 3, 4]) await bert.expect({ type: publish, packetId, qos: 1 });
    bert.send({ type: puback, packetId: 1, reasonCode: 0 });
    await bert.expectNothing();
    const carl = await connected();
    await subscribe(carl, '#');
    const kept = [await carl.expect(publish), await carl.expect(publish)].map(textOf);
    assert.deepEqual(kept.sort(), ['3', 'inbound']);
  });

  test('a retained message that is only in the log counts, not the older one of the table', async () => {
    const engine = new HandEngine(true);
    const { broker, settle } = await brokerOn(engine);
    broker.publish('t', 'old', { retain: true });
    broker.publish('u', 'gone', { retain: true });
    await settle();
    engine.retained.put = () => new Promise(() => {});
    broker.publish('t', 'new', { retain: true });
    broker.publish('u', '', { retain: true });
    await settle();
    const records = await recordsOf(engine.crash());
    const texts = records.map(record =>
      record.kind === 'retained' ? [record.topic, Buffer.from(record.payload).toString()] : [],
    );
    assert.deepEqual(texts, [['t', 'new']]);
  });
});

suite('ArchiveWriter', () => {
  const content = {
    topic: 't',
    payload: Buffer.from('x'),
    qos: 1,
    expiresAtMs: null,
    properties: {},
  } as const;
  const target = (number: number, clientId = 'a') =>
    ({ clientId, number, qos: 1, retain: false, identifiers: [], share: null }) as const;
  const message = (...numbers: number[]): ArchiveRecord => ({
    kind: 'message',
    ...content,
    retain: false,
    targets: numbers.map(number => target(number)),
  });
  const cases: [string, RegExp, ...ArchiveRecord[]][] = [
    ['two sessions of a client', /^clientId: has a session/, session('a'), session('a')],
    ['expiry 0', /^expirySeconds: is 0/, session('a', { expirySeconds: 0 })],
    ['received before it was sent', /^received: 3/, session('a', { received: [3] })],
    ['received twice', /^received: 1 .* twice/, session('a', { sentUpTo: 1, received: [1, 1] })],
    ['packet identifier 0', /^inbound: is 0/, session('a', { inbound: [0] })],
    ['nobody', /^targets: there are none/, session('a'), message()],
    ['an unknown client', /^clientId: no session/, message(1)],
    ['number 0', /^number: is 0/, session('a'), message(0)],
    ['numbers that do not grow', /^number: 2 comes after 2/, session('a'), message(2), message(2)],
    ['in flight too long', /^number: 1 cannot/, session('a', { sentUpTo: 65_536 }), message(1)],
    [
      'one that was received',
      /^number: 1 is there twice/,
      session('a', { sentUpTo: 1, received: [1] }),
      message(1),
    ],
    ['a wildcard', /^topic: /, { kind: 'retained', ...content, topic: 'a/#' }],
    ['no payload', /^payload: /, { kind: 'retained', ...content, payload: Buffer.of() }],
    ['expiry alone', /^expiresAtMs: /, { kind: 'retained', ...content, expiresAtMs: 1 }],
    [
      'a bad filter',
      /^filter: /,
      session('a'),
      {
        kind: 'subscription',
        clientId: 'a',
        filter: 'a#',
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        identifier: 0,
      },
    ],
  ];
  for (const [name, expected, ...records] of cases) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(written(records), error => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, expected);
        return true;
      });
    });
  }

  test('says when there is no room, and when the medium fails', async () => {
    const full = new HandEngine(true);
    const writer = new ArchiveWriter(full);
    await writer.start();
    await writer.add(session('a'));
    full.setFull(true);
    await assert.rejects(writer.add(message(1)), { name: 'EngineError', code: 'full' });
    const broken = new HandEngine();
    const other = new ArchiveWriter(broken);
    await other.start();
    await other.add(session('a'));
    const finished = other.finish();
    broken.fail();
    await assert.rejects(finished, { name: 'EngineError', code: 'io' });
  });

  test('keeps packet identifiers beyond the first round', async () => {
    const sentUpTo = 65_540;
    const engine = await written([session('a', { sentUpTo, received: [65_539] }), message(65_537)]);
    const { connected } = await brokerOn(engine);
    const client = await connected({ clientId: 'a', ...durable });
    await client.expect({ type: pubrel, packetId: 4 });
    await client.expect({ type: publish, packetId: 2, dup: true });
    await client.expectNothing();
  });
});
