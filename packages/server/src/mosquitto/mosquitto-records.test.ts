import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ArchiveRecord } from '@godwit/broker';
import type { MosquittoDb, MosquittoMessage, MosquittoQueued } from './mosquitto-db.ts';
import { mosquittoRecords } from './mosquitto-records.ts';

const nowMs = 1_000_000;

function message(id: bigint, fields: Partial<MosquittoMessage> = {}): [bigint, MosquittoMessage] {
  const payload = Buffer.from(`${id}`);
  const rest = { topic: 't', payload, qos: 2, retain: false, properties: {} };
  return [id, { id, expiresAt: 0, ...rest, ...fields }];
}

function queued(id: bigint, packetId: number, state: number, qos = 2): MosquittoQueued {
  const rest = { retain: false, isFromClient: false, identifiers: [] };
  return { clientId: 'a', message: id, packetId, qos, state, ...rest };
}

function db(fields: Partial<MosquittoDb>): MosquittoDb {
  const ids = Array.from({ length: 10 }, (_, at) => message(BigInt(at + 1)));
  const clients = ['a', 'b'].map(
    clientId => [clientId, { clientId, expiresAt: 0, expirySeconds: 60 }] as const,
  );
  return {
    version: 6,
    messages: new Map(ids),
    clients: new Map(clients),
    queued: [],
    retained: [],
    subscriptions: [],
    ...fields,
  };
}

/** Of each message its payload, and who gets it as which number. */
function deliveries(records: Iterable<ArchiveRecord>): string[] {
  return [...records].flatMap(record => {
    if (record.kind !== 'message') return [];
    const targets = record.targets.map(({ clientId, number }) => ` ${clientId}${number}`);
    return `${Buffer.from(record.payload)}:${targets.join('')}`;
  });
}

suite('mosquittoRecords', () => {
  test('numbers stand for the packet identifiers that the client knows', () => {
    const { records, left } = mosquittoRecords(
      db({
        queued: [
          queued(1n, 65_534, 3, 1),
          queued(2n, 65_535, 9),
          queued(3n, 1, 5),
          queued(4n, 5, 11),
          { ...queued(4n, 8, 11), clientId: 'b' },
        ],
      }),
      nowMs,
    );
    assert.deepEqual(left, []);
    assert.deepEqual(deliveries(records), ['1: a65534', '3: a65536', '4: a65537 b1']);
    const [session] = records;
    assert.ok(session.kind === 'session');
    assert.deepEqual([session.sentUpTo, session.received], [65_536, [65_535]]);
  });

  test('identifiers in no order at all keep their numbers, within a round', () => {
    const ids = [9, 8, 7];
    const flight = ids.map((packetId, at) => queued(BigInt(at + 1), packetId, 5));
    const { records } = mosquittoRecords(db({ queued: flight }), nowMs);
    assert.deepEqual(deliveries(records), ['3: a7', '2: a8', '1: a9']);
  });

  test('a client that gets messages in another order than they have has them for itself', () => {
    const other = { clientId: 'b' };
    const { records } = mosquittoRecords(
      db({
        queued: [
          queued(2n, 1, 11),
          queued(1n, 2, 11),
          { ...queued(1n, 1, 11), ...other },
          { ...queued(2n, 2, 11), ...other },
        ],
      }),
      nowMs,
    );
    assert.deepEqual(deliveries(records), ['1: b1', '2: b2', '2: a1', '1: a2']);
  });

  test('what a client has published with QoS 2 is owed to the others', () => {
    const inbound = { isFromClient: true, qos: 2 };
    const { records, unpublished, left } = mosquittoRecords(
      db({
        queued: [
          { ...queued(1n, 30, 7), ...inbound },
          { ...queued(2n, 31, 10), ...inbound },
          { ...queued(3n, 32, 11), ...inbound },
        ],
      }),
      nowMs,
    );
    const [session] = records;
    assert.ok(session.kind === 'session');
    assert.deepEqual(session.inbound, [30]);
    assert.deepEqual(
      unpublished.map(({ payload }) => Buffer.from(payload).toString()),
      ['1'],
    );
    assert.deepEqual(left, []);
  });

  test('times go on, and what is over is left behind', () => {
    const clients = [
      { clientId: 'gone', expiresAt: 1000, expirySeconds: 60 },
      { clientId: 'a', expiresAt: 1060, expirySeconds: 60 },
      { clientId: 'brief', expiresAt: 0, expirySeconds: 0 },
    ];
    const { records, left } = mosquittoRecords(
      db({
        clients: new Map(clients.map(client => [client.clientId, client])),
        messages: new Map([message(1n, { expiresAt: 1030 }), message(2n, { expiresAt: 999 })]),
        retained: [1n, 2n, 3n],
        queued: [
          queued(1n, 1, 11),
          queued(2n, 2, 11),
          queued(1n, 3, 11, 0),
          queued(9n, 4, 11),
          { ...queued(1n, 5, 11), clientId: 'gone' },
        ],
        subscriptions: ['a', 'nobody'].flatMap(clientId =>
          ['t', 'a#'].map(filter => ({
            clientId,
            filter,
            qos: 1,
            noLocal: false,
            retainAsPublished: false,
            identifier: 0,
          })),
        ),
      }),
      nowMs,
    );
    const kinds = [...records].map(({ kind }) => kind);
    assert.deepEqual(kinds, ['session', 'subscription', 'message', 'retained']);
    const [session, , first] = records;
    assert.ok(session.kind === 'session' && first.kind === 'message');
    assert.equal(session.expiresAtMs, 1_060_000);
    assert.equal(first.expiresAtMs, 1_030_000);
    assert.equal(first.properties.messageExpiryInterval, 30);
    const reasons = [...Map.groupBy(left, ({ reason }) => reason)].map(
      ([reason, items]) => `${items.length} ${reason}`,
    );
    assert.deepEqual(reasons.sort(), [
      '1 filters that are none',
      '1 messages of QoS 0 that wait',
      '1 messages without a session',
      '1 sessions that ended with their connection',
      '1 sessions that have expired',
      '2 messages that are not in the file',
      '2 messages that have expired',
      '2 subscriptions without a session',
    ]);
  });

  test('more in flight than a session may have is left behind', () => {
    const flight = Array.from({ length: 4098 }, (_, at) => queued(1n, at + 1, 3, 1));
    const { left } = mosquittoRecords(db({ queued: [...flight, queued(2n, 7, 3, 1)] }), nowMs);
    assert.equal(left.length, 3);
  });
});
