import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConnackPacket } from './connack.ts';
import { encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { isReasonCodeOf, ReasonCode } from './reason-code.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';

const type = PacketType.connack;
const accepted: ConnackPacket = { type, sessionPresent: false, reasonCode: ReasonCode.success };

suite('CONNACK 5.0', () => {
  test('the least', () => {
    const bytes = wire(`
      20   ; CONNACK
      03   ; Remaining Length
      01   ; Session Present
      00   ; Success
      00   ; Property Length
    `);
    assertSame(bytes, { ...accepted, sessionPresent: true }, 5);
  });

  test('with every property', () => {
    const bytes = wire(`
      20 4c                  ; CONNACK, Remaining Length 76
      00                     ; no session
      00                     ; Success
      49                     ; Property Length 73
      11 0000003c            ; Session Expiry Interval 60
      21 0001                ; Receive Maximum 1
      24 01                  ; Maximum QoS 1
      25 00                  ; Retain Available: no
      27 ffffffff            ; Maximum Packet Size 4294967295
      12 0004 'auto'         ; Assigned Client Identifier
      22 0000                ; Topic Alias Maximum 0
      1f 0002 'ok'           ; Reason String
      26 0001 'k' 0001 'v'   ; User Property
      28 00                  ; Wildcard Subscription Available: no
      29 01                  ; Subscription Identifier Available
      2a 01                  ; Shared Subscription Available
      13 001e                ; Server Keep Alive 30
      1a 0002 'r/'           ; Response Information
      1c 0006 'server'       ; Server Reference
      15 0004 'SCRM'         ; Authentication Method
      16 0001 ff             ; Authentication Data
    `);
    const packet: ConnackPacket = {
      ...accepted,
      properties: {
        sessionExpiryInterval: 60,
        receiveMaximum: 1,
        maximumQoS: 1,
        retainAvailable: false,
        maximumPacketSize: 0xffffffff,
        assignedClientIdentifier: 'auto',
        topicAliasMaximum: 0,
        reasonString: 'ok',
        userProperties: [['k', 'v']],
        wildcardSubscriptionAvailable: false,
        subscriptionIdentifierAvailable: true,
        sharedSubscriptionAvailable: true,
        serverKeepAlive: 30,
        responseInformation: 'r/',
        serverReference: 'server',
        authenticationMethod: 'SCRM',
        authenticationData: wire('ff'),
      },
    };
    assertSame(bytes, packet, 5);
  });

  test('a refusal', () => {
    assertSame(wire('20 03 00 87 00'), { ...accepted, reasonCode: ReasonCode.notAuthorized }, 5);
  });

  const malformed: [name: string, body: string, reasonCode: number][] = [
    ['reserved flags [MQTT-3.2.2-1]', '02 00 00', 0x81],
    ['reserved flags beside Session Present', '81 00 00', 0x81],
    ['reason code of no packet [MQTT-3.2.2-8]', '00 42 00', 0x81],
    ['reason code of SUBACK', '00 01 00', 0x81],
    ['refusal with Session Present [MQTT-3.2.2-6]', '01 80 00', 0x82],
    ['nothing at all', '', 0x81],
    ['no reason code', '00', 0x81],
    ['no Property Length', '00 00', 0x81],
    ['a byte too many', '00 00 00 00', 0x81],
    ['Maximum QoS 2', '00 00 02 24 02', 0x82],
    ['Retain Available 2', '00 00 02 25 02', 0x82],
    ['Maximum Packet Size 0', '00 00 05 27 00000000', 0x82],
    ['Receive Maximum 0', '00 00 03 21 0000', 0x82],
    ['Reason String twice', "00 00 08 1f 0001 'a' 1f 0001 'b'", 0x82],
    ['Authentication Data without Method', '00 00 03 16 0000', 0x82],
    ['Topic Alias', '00 00 03 23 0001', 0x81],
    ['Reason String not UTF-8', '00 00 04 1f 0001 ff', 0x81],
  ];
  for (const [name, body, reasonCode] of malformed) {
    test(`${name} is refused`, () => assertRejected(framed(0x20, body), 5, reasonCode));
  }
});

suite('CONNACK 3.1.1 and 3.1', () => {
  test('return codes are translated both ways', () => {
    const pairs = [
      [0, ReasonCode.success],
      [1, ReasonCode.unsupportedProtocolVersion],
      [2, ReasonCode.clientIdentifierNotValid],
      [3, ReasonCode.serverUnavailable],
      [4, ReasonCode.badUserNameOrPassword],
      [5, ReasonCode.notAuthorized],
    ];
    for (const [returnCode, reasonCode] of pairs) {
      for (const version of [3, 4] as ProtocolVersion[]) {
        assertSame(Uint8Array.of(0x20, 2, 0, returnCode), { ...accepted, reasonCode }, version);
      }
    }
  });

  test('every refusal has a return code', () => {
    const codes: Record<number, number[]> = { 1: [], 2: [], 3: [], 4: [], 5: [] };
    for (let reasonCode = 0x80; reasonCode < 0x100; reasonCode += 1) {
      if (!isReasonCodeOf(type, reasonCode)) continue;
      const bytes = encodePacket({ ...accepted, reasonCode }, 4);
      codes[bytes?.[3] as number].push(reasonCode);
    }
    assert.deepEqual(codes, {
      1: [0x84],
      2: [0x85],
      3: [0x80, 0x83, 0x88, 0x89, 0x97, 0x9c, 0x9d, 0x9f],
      4: [0x86],
      5: [0x81, 0x82, 0x87, 0x8a, 0x8c, 0x90, 0x95, 0x99, 0x9a, 0x9b],
    });
  });

  test('Session Present exists since 3.1.1', () => {
    const packet = { ...accepted, sessionPresent: true };
    assertSame(wire('20 02 01 00'), packet, 4);
    assert.deepEqual(encodePacket(packet, 3), wire('20 02 00 00'));
    assert.deepEqual(decode(wire('20 02 01 00'), 3), accepted);
  });

  test('what is malformed is refused', () => {
    assertRejected(wire('20 02 00 06'), 4, 0x81);
    assertRejected(wire('20 02 00 80'), 3, 0x81);
    assertRejected(wire('20 02 02 00'), 4, 0x81);
    assertRejected(wire('20 02 01 05'), 4, 0x82); // [MQTT-3.2.2-4] of 3.1.1
    assertRejected(wire('20 01 00'), 4, 0x81);
    assertRejected(wire('20 03 00 00 00'), 4, 0x81);
  });
});

suite('CONNACK within the receiver’s maximum', () => {
  const receiveMaximum = 1; // 3 bytes
  const userProperties = [['name', 'value']] as const; // 14 bytes
  const reasonString = 'reason'; // 9 bytes
  const properties = { receiveMaximum, userProperties, reasonString };
  const full: ConnackPacket = { ...accepted, properties };

  test('Reason String goes first, then User Properties [MQTT-3.2.2-19] [MQTT-3.2.2-20]', () => {
    const decoded = (maximum: number): ConnackPacket['properties'] =>
      (decode(encodePacket(full, 5, maximum) as Uint8Array, 5) as ConnackPacket).properties;
    assert.deepEqual(decoded(31), properties);
    assert.deepEqual(decoded(30), { receiveMaximum, userProperties });
    assert.deepEqual(decoded(22), { receiveMaximum, userProperties });
    assert.deepEqual(decoded(21), { receiveMaximum });
    assert.deepEqual(decoded(8), { receiveMaximum });
  });

  test('no other property is left out', () => {
    assert.equal(encodePacket(full, 5, 7), null);
    assert.equal(encodePacket(accepted, 5, 4), null);
    assert.equal(encodePacket(accepted, 4, 3), null);
  });

  test('the caller’s packet stays as it was', () => {
    encodePacket(full, 5, 8);
    assert.deepEqual(properties, { receiveMaximum, userProperties, reasonString });
  });
});

suite('CONNACK not written', () => {
  test('with a reason code of another packet, or Session Present in a refusal', () => {
    assert.throws(() => encodePacket({ ...accepted, reasonCode: 0x01 }, 5), RangeError);
    assert.throws(() => encodePacket({ ...accepted, reasonCode: 0x8e }, 4), RangeError);
    assert.throws(
      () => encodePacket({ type, sessionPresent: true, reasonCode: 0x80 }, 5),
      RangeError,
    );
  });
});
