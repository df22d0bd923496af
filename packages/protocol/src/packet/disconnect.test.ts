import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DisconnectPacket } from './disconnect.ts';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';

const type = PacketType.disconnect;
const normal: DisconnectPacket = { type, reasonCode: ReasonCode.normalDisconnection };

suite('DISCONNECT 5.0', () => {
  test('an empty one is normal', () => {
    assertSame(wire('e0 00'), normal, 5);
  });

  test('a reason code alone', () => {
    assertSame(wire('e0 01 04'), { type, reasonCode: ReasonCode.disconnectWithWillMessage }, 5);
  });

  test('properties of a client', () => {
    const bytes = wire(`
      e0              ; DISCONNECT
      07              ; Remaining Length
      00              ; Normal disconnection
      05              ; Property Length
      11 00000000     ; Session Expiry Interval 0
    `);
    assertSame(bytes, { ...normal, properties: { sessionExpiryInterval: 0 } }, 5);
  });

  test('properties of a server', () => {
    const bytes = wire(`
      e0                     ; DISCONNECT
      16                     ; Remaining Length 22
      9d                     ; Server moved
      14                     ; Property Length 20
      1c 0005 'other'        ; Server Reference
      1f 0002 'go'           ; Reason String
      26 0001 'k' 0001 'v'   ; User Property
    `);
    const packet: DisconnectPacket = {
      type,
      reasonCode: ReasonCode.serverMoved,
      properties: {
        serverReference: 'other',
        reasonString: 'go',
        userProperties: [['k', 'v']],
      },
    };
    assertSame(bytes, packet, 5);
  });

  test('the long forms of what is short are accepted', () => {
    assert.deepEqual(decode(wire('e0 01 00'), 5), normal);
    assert.deepEqual(decode(wire('e0 02 00 00'), 5), normal);
    assert.deepEqual(decode(wire('e0 02 8e 00'), 5), { type, reasonCode: 0x8e });
  });

  const cases: [name: string, body: string, reasonCode: number][] = [
    ['a reason code of no packet [MQTT-3.14.2-1]', '01', 0x81],
    ['a reason code of CONNACK', '8a', 0x81],
    ['a byte too many', '00 00 00', 0x81],
    ['properties past the end', '00 05 11 000000', 0x81],
    ['Session Expiry Interval twice', '00 0a 11 00000000 11 00000000', 0x82],
    ['a property of CONNECT', '00 03 21 0001', 0x81],
    ['Reason String with U+0000', '00 04 1f 0001 00', 0x81],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(`${name} is refused`, () => assertRejected(framed(0xe0, body), 5, reasonCode));
  }

  test('reserved flags are 0x81 [MQTT-3.14.1-1]', () => {
    assertRejected(wire('e1 00'), 5, 0x81);
  });

  test('Reason String goes first, then User Properties [MQTT-3.14.2-3] [MQTT-3.14.2-4]', () => {
    const properties = {
      reasonString: 'x'.repeat(10),
      userProperties: [['k', 'v'] as const],
      serverReference: 's',
    };
    const packet = { type, reasonCode: ReasonCode.useAnotherServer, properties };
    const sizes = [28, 27, 15, 14, 8].map(maximum => encodePacket(packet, 5, maximum)?.length);
    assert.deepEqual(sizes, [28, 15, 15, 8, 8]);
    assert.equal(encodePacket(packet, 5, 7), null);
  });

  test('a reason code of another packet is not written', () => {
    assert.throws(() => encodePacket({ type, reasonCode: 0x8a }, 5), RangeError);
  });
});

suite('DISCONNECT 3.1.1 and 3.1', () => {
  for (const version of [3, 4] as ProtocolVersion[]) {
    test(`always empty in version ${version}`, () => {
      assertSame(wire('e0 00'), normal, version);
      assertRejected(wire('e0 01 00'), version, 0x81);
      const packet = { type, reasonCode: 0x8e, properties: { reasonString: 'no' } };
      assert.deepEqual(encodePacket(packet, version), wire('e0 00'));
    });
  }
});
