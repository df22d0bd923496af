import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bytes, SeededRandom } from '@godwit/testkit';
import { MosquittoDbError, readMosquittoDb } from './mosquitto-db.ts';
import { mosquittoRecords } from './mosquitto-records.ts';

const head = bytes`
  00 b5 00 6d 6f 73 71 75 69 74 74 6f 20 64 62  # 00 b5 00 "mosquitto db"
  00 00 00 00                                   # CRC, never computed
`;
const config = bytes`
  00 00 00 01  00 00 00 10       # config, 16 bytes
  38 00 00 00 00 00 00 00        # last id 56
  01 08                          # shut down in order, ids of 8 bytes
  00 00 00 00 00 00              # not used
`;
const message = bytes`
  00 00 00 02  00 00 00 34       # message, 52 bytes
  35 00 00 00 00 00 00 00        # id 53
  14 90 03 6b 00 00 00 00        # expires at 1795395604
  00 00 00 05                    # payload of 5 bytes
  00 02  00 03  00 01  00 03     # source: mid 2, id of 3 bytes, user of 1; topic of 3
  07 5b                          # port 1883
  02 01                          # QoS 2, retained
  70 75 62  75                   # source "pub", user "u"
  61 2f 62                       # topic "a/b"
  68 65 6c 6c 6f                 # payload "hello"
  07  26 00 01 6b 00 01 76       # properties: user property k = v
`;
const client6 = bytes`
  00 00 00 06  00 00 00 1d       # client, 29 bytes
  cc 9b 03 6b 00 00 00 00        # session expires at 1795398604
  00 00 0e 10                    # 3600 s after its connection
  00 02  00 04                   # last mid 2, client id of 4 bytes
  07 5b  00 01                   # port 1883, user name of 1 byte
  00 00 00 00                    # not used
  73 75 62 35  75                # "sub5", user "u"
`;
const client5 = bytes`
  00 00 00 06  00 00 00 14       # client, 20 bytes
  cc 9b 03 6b 00 00 00 00        # session expires at 1795398604
  00 00 0e 10                    # 3600 s after its connection
  00 02  00 04                   # last mid 2, client id of 4 bytes
  73 75 62 35                    # "sub5"
`;
const queued = bytes`
  00 00 00 03  00 00 00 17       # message of a client, 23 bytes
  35 00 00 00 00 00 00 00        # id 53
  00 07  00 04                   # mid 7, client id of 4 bytes
  02 05                          # QoS 2, waits for PUBREC
  10 01                          # retain 1, dup 0; to the client
  73 75 62 35                    # "sub5"
  02  0b 07                      # properties: Subscription Identifier 7
`;
const subscription = bytes`
  00 00 00 05  00 00 00 13       # subscription, 19 bytes
  00 00 00 07                    # Subscription Identifier 7
  00 04  00 03                   # client id of 4 bytes, filter of 3
  02 0c  00 00                   # QoS 2, No Local, Retain As Published; 2 not used
  73 75 62 35  61 2f 23          # "sub5", "a/#"
`;
const retain = bytes`
  00 00 00 04  00 00 00 08       # retained message, 8 bytes
  35 00 00 00 00 00 00 00        # id 53
`;

function file(version: number, ...chunks: readonly Uint8Array[]): Buffer {
  return Buffer.concat([head, bytes`00 00 00 ${version}`, ...chunks]);
}

const whole = file(6, config, message, client6, queued, subscription, retain);

suite('readMosquittoDb', () => {
  test('reads every kind of chunk', () => {
    const db = readMosquittoDb(whole);
    assert.equal(db.version, 6);
    const [found] = db.messages.values();
    assert.deepEqual(
      { ...found, payload: Buffer.from(found.payload).toString() },
      {
        id: 53n,
        expiresAt: 1_795_395_604,
        topic: 'a/b',
        payload: 'hello',
        qos: 2,
        retain: true,
        properties: { userProperties: [['k', 'v']] },
      },
    );
    const client = { clientId: 'sub5', expiresAt: 1_795_398_604, expirySeconds: 3600 };
    assert.deepEqual([...db.clients.values()], [client]);
    assert.deepEqual(db.queued, [
      {
        clientId: 'sub5',
        message: 53n,
        packetId: 7,
        qos: 2,
        state: 5,
        retain: true,
        isFromClient: false,
        identifiers: [7],
      },
    ]);
    assert.deepEqual(db.subscriptions, [
      {
        clientId: 'sub5',
        filter: 'a/#',
        qos: 2,
        noLocal: true,
        retainAsPublished: true,
        identifier: 7,
      },
    ]);
    assert.deepEqual(db.retained, [53n]);
  });

  test('reads version 5, where a client has no port and no user name', () => {
    const { clients } = readMosquittoDb(file(5, config, client5));
    assert.deepEqual([...clients.keys()], ['sub5']);
  });

  const faults: [string, Buffer, RegExp][] = [
    ['another file', Buffer.from('not a database at all'), /^byte 0: it does not begin/],
    ['an old version', file(4, config), /^byte 19: it is of version 4, expected 5 or 6/],
    ['a chunk of unknown kind', file(6, bytes`00 00 00 09 00 00 00 00`), /^byte 23: .* kind 9/],
    [
      'a chunk beyond the end',
      file(6, bytes`00 00 00 04 ff ff ff ff 00`),
      /^byte 31: 4294967295 bytes expected, 1 are left/,
    ],
    [
      'a chunk that is too long',
      file(6, bytes`00 00 00 04 00 00 00 09`, retain.subarray(8), bytes`00`),
      /^byte 39: 1 bytes too many/,
    ],
    ['a version 5 chunk in 6', file(6, client5), /^byte 47: 2 bytes expected|^byte \d+: /],
  ];
  for (const [name, content, expected] of faults) {
    test(`says where it is wrong: ${name}`, () => {
      assert.throws(
        () => readMosquittoDb(content),
        error => error instanceof MosquittoDbError && expected.test(error.message),
      );
    });
  }

  test('cut at any byte it is an error, or what was there up to a chunk', () => {
    const ends = [23];
    for (const chunk of [config, message, client6, queued, subscription, retain]) {
      ends.push(ends.at(-1)! + chunk.length);
    }
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.subarray(0, length);
      if (ends.includes(length)) mosquittoRecords(readMosquittoDb(cut), 0);
      else assert.throws(() => readMosquittoDb(cut), MosquittoDbError, `${length} bytes`);
    }
  });

  test('with bits flipped it is an error that says where, or a file that can be mapped', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 5000; round += 1) {
      const flipped = Buffer.from(whole);
      const flips = 1 + (random.uint32() % 3);
      for (let n = 0; n < flips; n += 1) {
        flipped[random.uint32() % flipped.length] ^= 1 << (random.uint32() % 8);
      }
      try {
        const { records } = mosquittoRecords(readMosquittoDb(flipped), 1);
        assert.ok([...records].length <= 5);
      } catch (error) {
        assert.ok(error instanceof MosquittoDbError, `round ${round}: ${error}`);
      }
    }
  });
});
