import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { SubackPacket } from './suback.ts';
import { assertRejected, assertSame, framed, wire } from './testing/packet-harness.ts';

const packet: SubackPacket = {
  type: PacketType.suback,
  packetId: 10,
  reasonCodes: [0x00, 0x01, 0x02, 0x87],
};

suite('SUBACK 5.0', () => {
  test('a code per filter', () => {
    const bytes = wire(`
      90              ; SUBACK
      07              ; Remaining Length
      000a            ; Packet Identifier 10
      00              ; Property Length
      00 01 02        ; Granted QoS 0, 1, 2
      87              ; Not authorized
    `);
    assertSame(bytes, packet, 5);
  });

  test('properties', () => {
    const bytes = wire(`
      90                     ; SUBACK
      10                     ; Remaining Length 16
      000a                   ; Packet Identifier 10
      0c                     ; Property Length 12
      1f 0002 'no'           ; Reason String
      26 0001 'k' 0001 'v'   ; User Property
      97                     ; Quota exceeded
    `);
    const properties = { reasonString: 'no', userProperties: [['k', 'v'] as const] };
    assertSame(bytes, { ...packet, reasonCodes: [0x97], properties }, 5);
  });

  const cases: [name: string, body: string, reasonCode: number][] = [
    ['no code', '000a 00', 0x81],
    ['a code of no packet [MQTT-3.9.3-2]', '000a 00 00 03', 0x81],
    ['a code of UNSUBACK', '000a 00 11', 0x81],
    ['packet identifier 0', '0000 00 00', 0x82],
    ['a property of SUBSCRIBE', '000a 02 0b 01 00', 0x81],
    ['nothing at all', '', 0x81],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(`${name} is refused`, () => assertRejected(framed(0x90, body), 5, reasonCode));
  }

  test('Reason String goes first, then User Properties [MQTT-3.9.2-1] [MQTT-3.9.2-2]', () => {
    const properties = { reasonString: 'x'.repeat(10), userProperties: [['k', 'v'] as const] };
    const sizes = [29, 28, 16, 15, 9].map(
      maximum => encodePacket({ ...packet, properties }, 5, maximum)?.length,
    );
    assert.deepEqual(sizes, [29, 16, 16, 9, 9]);
    assert.equal(encodePacket({ ...packet, properties }, 5, 8), null);
  });

  test('what is out of range is not written', () => {
    assert.throws(() => encodePacket({ ...packet, reasonCodes: [] }, 5), RangeError);
    assert.throws(() => encodePacket({ ...packet, reasonCodes: [0x03] }, 5), RangeError);
    assert.throws(() => encodePacket({ ...packet, packetId: 0 }, 5), RangeError);
  });
});

suite('SUBACK 3.1.1 and 3.1', () => {
  for (const version of [3, 4] as ProtocolVersion[]) {
    test(`return codes in version ${version}`, () => {
      const bytes = wire(`
        90              ; SUBACK
        06              ; Remaining Length
        000a            ; Packet Identifier
        00 01 02        ; Granted QoS 0, 1, 2
        80              ; Failure
      `);
      assertSame(bytes, { ...packet, reasonCodes: [0, 1, 2, 0x80] }, version);
    });

    test(`every failure is written as 0x80 in version ${version}`, () => {
      const failures = { ...packet, reasonCodes: [0x87, 2, 0x8f, 0xa2] };
      assert.deepEqual(encodePacket(failures, version), framed(0x90, '000a 80 02 80 80'));
      assert.equal(encodePacket(failures, version, 7), null);
    });

    test(`what is malformed is refused in version ${version}`, () => {
      assertRejected(framed(0x90, '000a 87'), version, 0x81); // [MQTT-3.9.3-2]
      assertRejected(framed(0x90, '000a 03'), version, 0x81);
      assertRejected(framed(0x90, '000a'), version, 0x81);
      assertRejected(framed(0x90, '0000 00'), version, 0x82);
    });
  }
});
