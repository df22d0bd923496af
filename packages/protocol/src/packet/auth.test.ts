import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AuthPacket } from './auth.ts';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';
import { assertRejected, assertSame, framed, wire } from './testing/packet-harness.ts';

const type = PacketType.auth;

suite('AUTH', () => {
  test('a step of authentication', () => {
    const bytes = wire(`
      f0                     ; AUTH
      1b                     ; Remaining Length 27
      18                     ; Continue authentication
      19                     ; Property Length 25
      15 0005 'SCRAM'        ; Authentication Method
      16 0003 00ff7f         ; Authentication Data
      1f 0002 'go'           ; Reason String
      26 0001 'k' 0000       ; User Property
    `);
    const packet: AuthPacket = {
      type,
      reasonCode: ReasonCode.continueAuthentication,
      properties: {
        authenticationMethod: 'SCRAM',
        authenticationData: wire('00ff7f'),
        reasonString: 'go',
        userProperties: [['k', '']],
      },
    };
    assertSame(bytes, packet, 5);
  });

  test('an empty one means success', () => {
    assertSame(wire('f0 00'), { type, reasonCode: ReasonCode.success }, 5);
  });

  const cases: [name: string, body: string, reasonCode: number][] = [
    ['a reason code of no packet [MQTT-3.15.2-1]', "17 04 15 0001 'm'", 0x81],
    ['a reason code of CONNACK', "87 04 15 0001 'm'", 0x81],
    ['a reason code alone', '18', 0x81],
    ['no method', '18 00', 0x82],
    ['a method not named', "18 04 1f 0001 'r'", 0x82],
    ['data without method', '18 03 16 0000', 0x82],
    ['a second method', "18 08 15 0001 'm' 15 0001 'm'", 0x82],
    ['a byte too many', "18 04 15 0001 'm' 00", 0x81],
    ['a property of CONNECT', '18 03 21 0001', 0x81],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(`${name} is refused`, () => assertRejected(framed(0xf0, body), 5, reasonCode));
  }

  test('flags are malformed [MQTT-3.15.1-1]', () => {
    assertRejected(wire('f2 00'), 5, 0x81);
  });

  test('Reason String goes first, then User Properties [MQTT-3.15.2-2] [MQTT-3.15.2-3]', () => {
    const properties = {
      authenticationMethod: 'm',
      reasonString: 'x'.repeat(10),
      userProperties: [['k', 'v'] as const],
    };
    const packet = { type, reasonCode: ReasonCode.reAuthenticate, properties };
    const sizes = [28, 27, 15, 14, 8].map(maximum => encodePacket(packet, 5, maximum)?.length);
    assert.deepEqual(sizes, [28, 15, 15, 8, 8]);
    assert.equal(encodePacket(packet, 5, 7), null);
  });

  test('one without method is not written', () => {
    assert.throws(() => encodePacket({ type, reasonCode: 0x18 }, 5), RangeError);
    assert.throws(
      () => encodePacket({ type, reasonCode: 0, properties: { reasonString: 'r' } }, 5),
      RangeError,
    );
    assert.throws(() => encodePacket({ type, reasonCode: 0x87 }, 5), RangeError);
  });

  test('there is none before 5.0', () => {
    for (const version of [3, 4] as ProtocolVersion[]) {
      assertRejected(wire('f0 00'), version, 0x81);
      assert.throws(() => encodePacket({ type, reasonCode: 0 }, version), RangeError);
    }
  });
});
