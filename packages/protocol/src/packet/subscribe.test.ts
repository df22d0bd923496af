import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { SubscribePacket, SubscriptionRequest } from './subscribe.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';

const type = PacketType.subscribe;
const request: SubscriptionRequest = {
  filter: 'a/+',
  qos: 1,
  noLocal: false,
  retainAsPublished: false,
  retainHandling: 0,
};

suite('SUBSCRIBE 5.0', () => {
  test('two filters with options, identifier and user property', () => {
    const bytes = wire(`
      82                     ; SUBSCRIBE
      22                     ; Remaining Length 34
      000a                   ; Packet Identifier 10
      0a                     ; Property Length 10
      0b 8001                ; Subscription Identifier 128
      26 0001 'k' 0001 'v'   ; User Property
      0003 'a/+'             ; Topic Filter
      2e                     ; Retain Handling 2, Retain As Published, No Local, QoS 2
      000c '$share/g/a/#'    ; Topic Filter
      11                     ; Retain Handling 1, QoS 1
    `);
    const packet: SubscribePacket = {
      type,
      packetId: 10,
      subscriptions: [
        { filter: 'a/+', qos: 2, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { ...request, filter: '$share/g/a/#', retainHandling: 1 },
      ],
      properties: { subscriptionIdentifiers: [128], userProperties: [['k', 'v']] },
    };
    assertSame(bytes, packet, 5);
  });

  test('whether a filter is valid is for the receiver to say', () => {
    for (const filter of ['', 'a#', '#/a', '$share/']) {
      const packet = { type, packetId: 1, subscriptions: [{ ...request, filter }] };
      assert.deepEqual(decode(encodePacket(packet, 5) as Uint8Array, 5), packet);
    }
  });

  const cases: [name: string, body: string, reasonCode: number][] = [
    ['no filter [MQTT-3.8.3-2]', '0001 00', 0x82],
    ['packet identifier 0', "0000 00 0001 'a' 00", 0x82],
    ['a filter without options', "0001 00 0001 'a'", 0x81],
    ['a second filter without options', "0001 00 0001 'a' 00 0001 'b'", 0x81],
    ['reserved option bit 6 [MQTT-3.8.3-5]', "0001 00 0001 'a' 40", 0x81],
    ['reserved option bit 7', "0001 00 0001 'a' 80", 0x81],
    ['QoS 3', "0001 00 0001 'a' 03", 0x82],
    ['Retain Handling 3', "0001 00 0001 'a' 30", 0x82],
    ['No Local on a shared subscription [MQTT-3.8.3-4]', "0001 00 000a '$share/g/a' 04", 0x82],
    ['Subscription Identifier 0', "0001 02 0b 00 0001 'a' 00", 0x82],
    ['two Subscription Identifiers', "0001 04 0b 01 0b 02 0001 'a' 00", 0x82],
    ['Reason String', "0001 04 1f 0001 'r' 0001 'a' 00", 0x81],
    ['filter not UTF-8 [MQTT-3.8.3-1]', '0001 00 0001 ff 00', 0x81],
    ['filter with U+0000', '0001 00 0001 00 00', 0x81],
    ['nothing at all', '', 0x81],
    ['no Property Length', '0001', 0x81],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(`${name} is refused`, () => assertRejected(framed(0x82, body), 5, reasonCode));
  }

  test('flags other than 0010 are malformed [MQTT-3.8.1-1]', () => {
    assertRejected(framed(0x80, "0001 00 0001 'a' 00"), 5, 0x81);
    assertRejected(framed(0x8a, "0001 00 0001 'a' 00"), 5, 0x81);
  });
});

suite('SUBSCRIBE 3.1.1 and 3.1', () => {
  for (const version of [3, 4] as ProtocolVersion[]) {
    test(`filters with QoS in version ${version}`, () => {
      const bytes = wire(`
        82             ; SUBSCRIBE
        0c             ; Remaining Length 12
        0001           ; Packet Identifier
        0003 'a/+'     ; Topic Filter
        01             ; Requested QoS 1
        0001 '#'       ; Topic Filter
        02             ; Requested QoS 2
      `);
      const subscriptions = [request, { ...request, filter: '#', qos: 2 as const }];
      assertSame(bytes, { type, packetId: 1, subscriptions }, version);
    });

    test(`what is malformed is refused in version ${version}`, () => {
      assertRejected(framed(0x82, "0001 0001 'a' 03"), version, 0x81); // [MQTT-3.8.3-4] of 3.1.1
      assertRejected(framed(0x82, "0001 0001 'a' 04"), version, 0x81);
      assertRejected(framed(0x82, '0001'), version, 0x82); // [MQTT-3.8.3-3] of 3.1.1
      assertRejected(framed(0x82, "0000 0001 'a' 00"), version, 0x82);
    });
  }

  test('options of 5.0 and properties are not written', () => {
    const packet: SubscribePacket = {
      type,
      packetId: 1,
      subscriptions: [
        { filter: 'a', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
      ],
      properties: { subscriptionIdentifiers: [1] },
    };
    assert.deepEqual(encodePacket(packet, 4), framed(0x82, "0001 0001 'a' 01"));
  });

  test('may carry DUP in 3.1', () => {
    const bytes = framed(0x8a, "0001 0001 'a' 00");
    assert.equal(decode(bytes, 3).type, type);
    assertRejected(bytes, 4, 0x81);
  });
});

suite('SUBSCRIBE not written', () => {
  const packet: SubscribePacket = { type, packetId: 1, subscriptions: [request] };
  const withRequest = (change: object): SubscribePacket => ({
    ...packet,
    subscriptions: [{ ...request, ...change }],
  });
  const cases: [name: string, packet: SubscribePacket][] = [
    ['no filter', { ...packet, subscriptions: [] }],
    ['identifier 0', { ...packet, packetId: 0 }],
    ['QoS 3', withRequest({ qos: 3 })],
    ['Retain Handling 3', withRequest({ retainHandling: 3 })],
    ['No Local on a shared filter', withRequest({ filter: '$share/g/a', noLocal: true })],
    ['a filter over 65,535 bytes', withRequest({ filter: 'x'.repeat(65_536) })],
    ['two identifiers', { ...packet, properties: { subscriptionIdentifiers: [1, 2] } }],
  ];
  for (const [name, bad] of cases) {
    test(name, () => assert.throws(() => encodePacket(bad, 5), RangeError));
  }

  test('what is larger than the receiver accepts is null', () => {
    assert.equal(encodePacket(packet, 5, 11)?.length, 11);
    assert.equal(encodePacket(packet, 5, 10), null);
  });
});
