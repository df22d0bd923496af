import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';
import type { UnsubscribePacket } from './unsubscribe.ts';

const packet: UnsubscribePacket = {
  type: PacketType.unsubscribe,
  packetId: 10,
  filters: ['a/b', '#'],
};

suite('UNSUBSCRIBE 5.0', () => {
  test('filters and a user property', () => {
    const bytes = wire(`
      a2                     ; UNSUBSCRIBE
      12                     ; Remaining Length 18
      000a                   ; Packet Identifier 10
      07                     ; Property Length 7
      26 0001 'k' 0001 'v'   ; User Property
      0003 'a/b'             ; Topic Filter
      0001 '#'               ; Topic Filter
    `);
    assertSame(bytes, { ...packet, properties: { userProperties: [['k', 'v']] } }, 5);
  });

  const cases: [name: string, body: string, reasonCode: number][] = [
    ['no filter [MQTT-3.10.3-2]', '000a 00', 0x82],
    ['packet identifier 0', "0000 00 0001 'a'", 0x82],
    ['Subscription Identifier', "000a 02 0b 01 0001 'a'", 0x81],
    ['filter not UTF-8 [MQTT-3.10.3-1]', '000a 00 0002 c328', 0x81],
    ['filter past the end', "000a 00 0002 'a'", 0x81],
    ['half a length', "000a 00 0001 'a' 00", 0x81],
    ['nothing at all', '', 0x81],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(`${name} is refused`, () => assertRejected(framed(0xa2, body), 5, reasonCode));
  }

  test('flags other than 0010 are malformed [MQTT-3.10.1-1]', () => {
    assertRejected(framed(0xa0, "000a 00 0001 'a'"), 5, 0x81);
  });

  test('what is out of range is not written', () => {
    assert.throws(() => encodePacket({ ...packet, filters: [] }, 5), RangeError);
    assert.throws(() => encodePacket({ ...packet, filters: ['\0'] }, 5), RangeError);
    assert.throws(() => encodePacket({ ...packet, packetId: 0 }, 5), RangeError);
    assert.equal(encodePacket(packet, 5, 12), null);
    assert.equal(encodePacket(packet, 5, 13)?.length, 13);
  });
});

suite('UNSUBSCRIBE 3.1.1 and 3.1', () => {
  for (const version of [3, 4] as ProtocolVersion[]) {
    test(`filters in version ${version}`, () => {
      assertSame(framed(0xa2, "000a 0003 'a/b' 0001 '#'"), packet, version);
      assertRejected(framed(0xa2, '000a'), version, 0x82);
    });
  }

  test('may carry DUP in 3.1', () => {
    assert.deepEqual(decode(framed(0xaa, "000a 0003 'a/b' 0001 '#'"), 3), packet);
  });
});
