import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type AcknowledgementPacket,
  writeAcknowledgement,
  writeAcknowledgementReason,
} from './acknowledgement.ts';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';

const kinds = [
  { name: 'PUBACK', type: PacketType.puback, header: 0x40, reason: 0x10 },
  { name: 'PUBREC', type: PacketType.pubrec, header: 0x50, reason: 0x97 },
  { name: 'PUBREL', type: PacketType.pubrel, header: 0x62, reason: 0x92 },
  { name: 'PUBCOMP', type: PacketType.pubcomp, header: 0x70, reason: 0x92 },
] as const;

for (const { name, type, header, reason } of kinds) {
  const success: AcknowledgementPacket = { type, packetId: 258, reasonCode: ReasonCode.success };

  suite(`${name} 5.0`, () => {
    test('two bytes mean success', () => {
      assertSame(framed(header, '0102 ; Packet Identifier'), success, 5);
    });

    test('three bytes have a reason code', () => {
      const bytes = framed(
        header,
        `
        0102                                   ; Packet Identifier
        ${reason.toString(16)}                 ; Reason Code
        `,
      );
      assertSame(bytes, { ...success, reasonCode: reason }, 5);
    });

    test('properties', () => {
      const bytes = framed(
        header,
        `
        0102                      ; Packet Identifier
        00                        ; Success
        0c                        ; Property Length 12
        1f 0002 'no'              ; Reason String
        26 0001 'k' 0001 'v'      ; User Property
        `,
      );
      const properties = { reasonString: 'no', userProperties: [['k', 'v'] as const] };
      assertSame(bytes, { ...success, properties }, 5);
    });

    test('the long forms of what is short are accepted', () => {
      assert.deepEqual(decode(framed(header, '0102 00'), 5), success);
      assert.deepEqual(decode(framed(header, '0102 00 00'), 5), success);
      const refusal = framed(header, `0102 ${reason.toString(16)} 00`);
      assert.deepEqual(decode(refusal, 5), { ...success, reasonCode: reason });
    });

    const cases: [name: string, body: string, reasonCode: number][] = [
      ['nothing at all', '', 0x81],
      ['half an identifier', '01', 0x81],
      ['identifier 0', '0000', 0x82],
      ['a reason code of no packet', '0102 42', 0x81],
      ['a reason code of DISCONNECT', '0102 8d', 0x81],
      ['a byte too many', '0102 00 00 00', 0x81],
      ['properties past the end', '0102 00 02 1f', 0x81],
      ['Reason String twice', "0102 00 08 1f 0001 'a' 1f 0001 'b'", 0x82],
      ['a property of PUBLISH', '0102 00 03 23 0001', 0x81],
    ];
    for (const [what, body, reasonCode] of cases) {
      test(`${what} is refused`, () => assertRejected(framed(header, body), 5, reasonCode));
    }

    test('Reason String goes first, then User Properties', () => {
      const properties = { reasonString: 'x'.repeat(10), userProperties: [['k', 'v'] as const] };
      const packet = { ...success, reasonCode: reason, properties };
      const sizes = [26, 25, 13, 12, 5].map(maximum => encodePacket(packet, 5, maximum)?.length);
      assert.deepEqual(sizes, [26, 13, 13, 5, 5]);
      assert.equal(encodePacket(packet, 5, 4), null);
      assert.equal(encodePacket({ ...packet, reasonCode: 0 }, 5, 4)?.length, 4);
    });

    test('what is out of range is not written', () => {
      assert.throws(() => encodePacket({ ...success, packetId: 0 }, 5), RangeError);
      assert.throws(() => encodePacket({ ...success, packetId: 65_536 }, 4), RangeError);
      assert.throws(() => encodePacket({ ...success, reasonCode: 0x8d }, 5), RangeError);
    });
  });

  suite(`${name} 3.1.1 and 3.1`, () => {
    for (const version of [3, 4] as ProtocolVersion[]) {
      test(`two bytes and no more in version ${version}`, () => {
        assertSame(framed(header, '0102'), success, version);
        assertRejected(framed(header, '0102 00'), version, 0x81);
        assertRejected(framed(header, '0000'), version, 0x82);
      });

      test(`neither reason code nor properties are written in version ${version}`, () => {
        const packet = { ...success, reasonCode: reason, properties: { reasonString: 'no' } };
        assert.deepEqual(encodePacket(packet, version), framed(header, '0102'));
      });
    }
  });

  suite(`${name} in place`, () => {
    test('is what encodePacket gives', () => {
      const into = new Uint8Array(12);
      assert.equal(writeAcknowledgement(into, 1, header, 0xfffe), 5);
      assert.equal(writeAcknowledgementReason(into, 5, header, 0xfffe, reason), 10);
      const short = encodePacket({ ...success, packetId: 0xfffe }, 5) as Uint8Array;
      const long = encodePacket({ type, packetId: 0xfffe, reasonCode: reason }, 5) as Uint8Array;
      assert.deepEqual(into, Uint8Array.of(0, ...short, ...long, 0, 0));
    });
  });
}

suite('PUBREL', () => {
  test('flags other than 0010 are malformed [MQTT-3.6.1-1]', () => {
    assertRejected(wire('60 02 0001'), 5, 0x81);
    assertRejected(wire('6a 02 0001'), 5, 0x81);
  });

  test('may carry DUP in 3.1', () => {
    assert.deepEqual(decode(wire('6a 02 0001'), 3), {
      type: PacketType.pubrel,
      packetId: 1,
      reasonCode: 0,
    });
  });
});
