import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { assertRejected, assertSame, framed, wire } from './testing/packet-harness.ts';
import type { UnsubackPacket } from './unsuback.ts';

const packet: UnsubackPacket = {
  type: PacketType.unsuback,
  packetId: 10,
  reasonCodes: [0x00, 0x11],
};

suite('UNSUBACK 5.0', () => {
  test('a code per filter', () => {
    const bytes = wire(`
      b0     ; UNSUBACK
      05     ; Remaining Length
      000a   ; Packet Identifier 10
      00     ; Property Length
      00     ; Success
      11     ; No subscription existed
    `);
    assertSame(bytes, packet, 5);
  });

  test('properties', () => {
    const bytes = framed(0xb0, "000a 0c 1f 0002 'no' 26 0001 'k' 0001 'v' 8f");
    const properties = { reasonString: 'no', userProperties: [['k', 'v'] as const] };
    assertSame(bytes, { ...packet, reasonCodes: [0x8f], properties }, 5);
  });

  const cases: [name: string, body: string, reasonCode: number][] = [
    ['no code', '000a 00', 0x81],
    ['a code of SUBACK [MQTT-3.11.3-2]', '000a 00 01', 0x81],
    ['packet identifier 0', '0000 00 00', 0x82],
    ['no Property Length', '000a', 0x81],
    ['a property of SUBSCRIBE', '000a 02 0b 01 00', 0x81],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(`${name} is refused`, () => assertRejected(framed(0xb0, body), 5, reasonCode));
  }

  test('Reason String goes first, then User Properties [MQTT-3.11.2-1] [MQTT-3.11.2-2]', () => {
    const properties = { reasonString: 'x'.repeat(10), userProperties: [['k', 'v'] as const] };
    const sizes = [27, 26, 14, 13, 7].map(
      maximum => encodePacket({ ...packet, properties }, 5, maximum)?.length,
    );
    assert.deepEqual(sizes, [27, 14, 14, 7, 7]);
    assert.equal(encodePacket({ ...packet, properties }, 5, 6), null);
  });

  test('what is out of range is not written', () => {
    assert.throws(() => encodePacket({ ...packet, reasonCodes: [] }, 5), RangeError);
    assert.throws(() => encodePacket({ ...packet, reasonCodes: [0x02] }, 5), RangeError);
  });
});

suite('UNSUBACK 3.1.1 and 3.1', () => {
  for (const version of [3, 4] as ProtocolVersion[]) {
    test(`the identifier and no more in version ${version}`, () => {
      assertSame(framed(0xb0, '000a'), { ...packet, reasonCodes: [] }, version);
      assert.deepEqual(encodePacket(packet, version), framed(0xb0, '000a'));
      assertRejected(framed(0xb0, '000a 00'), version, 0x81);
      assertRejected(framed(0xb0, '0000'), version, 0x82);
    });
  }
});
