import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { PublishPacket } from './publish.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';

const plain: PublishPacket = {
  type: PacketType.publish,
  topic: 'a/b',
  payload: wire("'hi'"),
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
};

suite('PUBLISH 5.0', () => {
  test('QoS 0', () => {
    const bytes = wire(`
      30           ; PUBLISH, QoS 0
      08           ; Remaining Length
      0003 'a/b'   ; Topic Name
      00           ; Property Length
      'hi'         ; Payload
    `);
    assertSame(bytes, plain, 5);
  });

  test('QoS 1 with RETAIN', () => {
    const bytes = wire(`
      33           ; PUBLISH, QoS 1, RETAIN
      0a           ; Remaining Length
      0003 'a/b'   ; Topic Name
      0001         ; Packet Identifier
      00           ; Property Length
      'hi'         ; Payload
    `);
    assertSame(bytes, { ...plain, qos: 1, retain: true, packetId: 1 }, 5);
  });

  test('QoS 2 with DUP and every property', () => {
    const bytes = wire(`
      3c                     ; PUBLISH, DUP, QoS 2
      3c                     ; Remaining Length 60
      0003 'a/b'             ; Topic Name
      ffff                   ; Packet Identifier 65535
      34                     ; Property Length 52
      01 01                  ; Payload Format Indicator
      02 fffffffe            ; Message Expiry Interval 4294967294
      23 0007                ; Topic Alias 7
      08 0003 'r/t'          ; Response Topic
      09 0002 0001           ; Correlation Data
      26 0001 'b' 0001 '1'   ; User Property
      26 0001 'a' 0001 '2'   ; User Property
      0b 01                  ; Subscription Identifier 1
      0b ffffff7f            ; Subscription Identifier 268435455
      03 0007 'app/bin'      ; Content Type
                             ; no Payload
    `);
    const packet: PublishPacket = {
      ...plain,
      qos: 2,
      dup: true,
      packetId: 65_535,
      payload: new Uint8Array(0),
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 4_294_967_294,
        topicAlias: 7,
        responseTopic: 'r/t',
        correlationData: wire('0001'),
        userProperties: [
          ['b', '1'],
          ['a', '2'],
        ],
        subscriptionIdentifiers: [1, 268_435_455],
        contentType: 'app/bin',
      },
    };
    assertSame(bytes, packet, 5);
  });

  test('an alias instead of a topic', () => {
    const bytes = framed(0x30, "0000 03 23 0001 'hi'");
    assertSame(bytes, { ...plain, topic: '', properties: { topicAlias: 1 } }, 5);
  });

  test('properties that recur need not stand together', () => {
    const bytes = framed(0x30, "0001 't' 0b 0b 05 01 00 0b 04 0b 05 0b 8001");
    assert.deepEqual((decode(bytes, 5) as PublishPacket).properties, {
      subscriptionIdentifiers: [5, 4, 5, 128],
      payloadFormatIndicator: 0,
    });
  });

  test('empty lists of properties write nothing', () => {
    const bytes = encodePacket(
      { ...plain, properties: { userProperties: [], subscriptionIdentifiers: [] } },
      5,
    );
    assert.deepEqual(bytes, encodePacket(plain, 5));
  });

  test('the payload is a view of the received bytes, and never a subclass', () => {
    const bytes = Buffer.from(framed(0x30, "0001 't' 00 'hi'"));
    const { payload } = decode(bytes, 5) as PublishPacket;
    assert.equal(Object.getPrototypeOf(payload), Uint8Array.prototype);
    assert.equal(payload.buffer, bytes.buffer);
    assert.deepEqual(payload, wire("'hi'"));
  });

  test('a body of 128 bytes has a Remaining Length of two', () => {
    const bytes = encodePacket({ ...plain, payload: new Uint8Array(122) }, 5) as Uint8Array;
    assert.deepEqual(bytes.subarray(0, 3), wire('30 80 01'));
    assert.equal(bytes.length, 131);
  });
});

suite('PUBLISH 3.1.1 and 3.1', () => {
  for (const version of [3, 4] as ProtocolVersion[]) {
    test(`without properties in version ${version}`, () => {
      assertSame(framed(0x30, "0003 'a/b' 'hi'"), plain, version);
      const qos1 = { ...plain, qos: 1, packetId: 10 } as const;
      assertSame(framed(0x32, "0003 'a/b' 000a 'hi'"), qos1, version);
      assertSame(
        framed(0x3d, "0003 'a/b' 000a 'hi'"),
        { ...qos1, qos: 2, dup: true, retain: true },
        version,
      );
    });
  }

  test('properties are not written', () => {
    const bytes = encodePacket({ ...plain, properties: { contentType: 'text' } }, 4);
    assert.deepEqual(bytes, framed(0x30, "0003 'a/b' 'hi'"));
  });
});

suite('PUBLISH refused', () => {
  const cases: [name: string, header: number, body: string, code: number, v3?: 3 | 4][] = [
    ['QoS 3 [MQTT-3.3.1-4]', 0x36, "0001 't' 0001 00", 0x81],
    ['QoS 3 in 3.1.1', 0x36, "0001 't' 0001", 0x81, 4],
    ['DUP with QoS 0 [MQTT-3.3.1-2]', 0x38, "0001 't' 00", 0x81],
    ['packet identifier 0 [MQTT-2.2.1-3]', 0x32, "0001 't' 0000 00", 0x82],
    ['packet identifier 0 in 3.1.1 [MQTT-2.3.1-1]', 0x34, "0001 't' 0000", 0x82, 4],
    ['topic with # [MQTT-3.3.2-2]', 0x30, "0003 'a/#' 00", 0x90],
    ['topic with +', 0x30, "0001 '+' 00", 0x90],
    ['topic with + within a level', 0x30, "0003 'a+b'", 0x90, 4],
    ['topic with U+0000 [MQTT-4.7.3-2]', 0x30, '0001 00 00', 0x81],
    ['topic not UTF-8 [MQTT-3.3.2-1]', 0x30, '0002 c080 00', 0x81],
    ['neither topic nor alias', 0x30, '0000 00', 0x82],
    ['no topic in 3.1.1 [MQTT-4.7.3-1]', 0x30, "0000 'hi'", 0x90, 4],
    ['nothing at all', 0x30, '', 0x81],
    ['topic past the end', 0x30, "0004 'a/b'", 0x81],
    ['no packet identifier', 0x32, "0001 't'", 0x81],
    ['half a packet identifier', 0x32, "0001 't' 00", 0x81],
    ['no Property Length', 0x30, "0001 't'", 0x81],
    ['properties past the end', 0x30, "0001 't' 03 01 01", 0x81],
    ['Topic Alias 0 [MQTT-3.3.2-8]', 0x30, "0001 't' 03 23 0000", 0x94],
    ['Topic Alias twice', 0x30, "0001 't' 06 23 0001 23 0001", 0x82],
    ['Subscription Identifier 0', 0x30, "0001 't' 02 0b 00", 0x82],
    ['Payload Format Indicator 2', 0x30, "0001 't' 02 01 02", 0x82],
    ['Response Topic with a wildcard [MQTT-3.3.2-14]', 0x30, "0001 't' 04 08 0001 '+'", 0x82],
    ['Will Delay Interval', 0x30, "0001 't' 05 18 00000000", 0x81],
    ['an unknown property', 0x30, "0001 't' 02 7f 00", 0x81],
    ['User Property not UTF-8', 0x30, "0001 't' 07 26 0001 ff 0001 'v'", 0x81],
  ];
  for (const [name, header, body, code, version] of cases) {
    test(name, () => assertRejected(framed(header, body), version ?? 5, code));
  }
});

suite('PUBLISH not written', () => {
  const cases: [name: string, packet: PublishPacket, version?: 4][] = [
    ['QoS 3', { ...plain, qos: 3 as 2, packetId: 1 }],
    ['QoS 1 without identifier', { ...plain, qos: 1 }],
    ['an identifier over 65,535', { ...plain, qos: 1, packetId: 65_536 }],
    ['QoS 0 with an identifier [MQTT-2.2.1-2]', { ...plain, packetId: 1 }],
    ['DUP with QoS 0 [MQTT-3.3.1-2]', { ...plain, dup: true }],
    ['a topic with a wildcard', { ...plain, topic: 'a/+' }],
    ['no topic', { ...plain, topic: '' }],
    [
      'an alias instead of a topic in 3.1.1',
      { ...plain, topic: '', properties: { topicAlias: 1 } },
      4,
    ],
    ['Topic Alias 0', { ...plain, properties: { topicAlias: 0 } }],
    ['Topic Alias 65,536', { ...plain, properties: { topicAlias: 65_536 } }],
    ['identifier 0', { ...plain, properties: { subscriptionIdentifiers: [0] } }],
    ['identifier 2^28', { ...plain, properties: { subscriptionIdentifiers: [268_435_456] } }],
    ['format 2', { ...plain, properties: { payloadFormatIndicator: 2 as 1 } }],
    ['2^32 seconds', { ...plain, properties: { messageExpiryInterval: 2 ** 32 } }],
    ['a Response Topic with a wildcard', { ...plain, properties: { responseTopic: '#' } }],
    ['a lone surrogate', { ...plain, properties: { userProperties: [['k', '\ud800']] } }],
  ];
  for (const [name, packet, version] of cases) {
    test(name, () => assert.throws(() => encodePacket(packet, version ?? 5), RangeError));
  }

  test('what is larger than the receiver accepts is null; nothing is left out', () => {
    const packet = { ...plain, properties: { userProperties: [['k', 'v']] as const } };
    assert.equal(encodePacket(packet, 5, 17)?.length, 17);
    assert.equal(encodePacket(packet, 5, 16), null);
    assert.equal(encodePacket(packet, 4, 9)?.length, 9);
    assert.equal(encodePacket(packet, 4, 8), null);
  });

  test('what is larger than the protocol allows is null', () => {
    // a length is enough, no such memory is taken
    const payload = { length: 268_435_455 } as Uint8Array;
    assert.equal(encodePacket({ ...plain, payload }, 5), null);
  });
});
