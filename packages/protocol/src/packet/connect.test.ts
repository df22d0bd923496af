import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConnectPacket } from './connect.ts';
import { encodePacket } from './packet.ts';
import { PacketType } from './packet-type.ts';
import { assertRejected, assertSame, decode, framed, wire } from './testing/packet-harness.ts';

const minimal: ConnectPacket = {
  type: PacketType.connect,
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 60,
  clientId: 'a',
};

suite('CONNECT 5.0', () => {
  test('the least', () => {
    const bytes = wire(`
      10            ; CONNECT
      0e            ; Remaining Length 14
      0004 'MQTT'   ; Protocol Name
      05            ; Protocol Version
      02            ; Connect Flags: Clean Start
      003c          ; Keep Alive 60
      00            ; Property Length
      0001 'a'      ; Client Identifier
    `);
    assertSame(bytes, minimal, 5);
    // the version of the connection does not matter: the packet names its own
    assertSame(bytes, minimal, 3);
  });

  test('with everything', () => {
    const bytes = wire(`
      10 73                   ; CONNECT, Remaining Length 115
      0004 'MQTT'             ; Protocol Name
      05                      ; Protocol Version
      f4                      ; User Name, Password, Will Retain, Will QoS 2, Will
      ffff                    ; Keep Alive 65535
      2d                      ; Property Length 45
      11 ffffffff             ; Session Expiry Interval: never
      21 0014                 ; Receive Maximum 20
      27 00010000             ; Maximum Packet Size 65536
      22 000a                 ; Topic Alias Maximum 10
      19 01                   ; Request Response Information
      17 00                   ; Request Problem Information
      26 0001 'k' 0001 'v'    ; User Property
      26 0001 'k' 0000        ; User Property, the same name again
      15 0004 'SCRM'          ; Authentication Method
      16 0002 0001            ; Authentication Data
      0003 'dev'              ; Client Identifier
      24                      ; Will Property Length 36
      18 0000001e             ; Will Delay Interval 30
      01 01                   ; Payload Format Indicator
      02 00000e10             ; Message Expiry Interval 3600
      03 0004 'text'          ; Content Type
      08 0001 'r'             ; Response Topic
      09 0002 c0ff            ; Correlation Data
      26 0002 c3a9 0001 'w'   ; User Property
      0003 'w/t'              ; Will Topic
      0003 'bye'              ; Will Payload
      0001 'u'                ; User Name
      0002 ff00               ; Password
    `);
    const packet: ConnectPacket = {
      type: PacketType.connect,
      protocolVersion: 5,
      cleanStart: false,
      keepAlive: 65_535,
      clientId: 'dev',
      will: {
        topic: 'w/t',
        payload: wire("'bye'"),
        qos: 2,
        retain: true,
        properties: {
          willDelayInterval: 30,
          payloadFormatIndicator: 1,
          messageExpiryInterval: 3600,
          contentType: 'text',
          responseTopic: 'r',
          correlationData: wire('c0ff'),
          userProperties: [['é', 'w']],
        },
      },
      username: 'u',
      password: wire('ff00'),
      properties: {
        sessionExpiryInterval: 0xffffffff,
        receiveMaximum: 20,
        maximumPacketSize: 65_536,
        topicAliasMaximum: 10,
        requestResponseInformation: true,
        requestProblemInformation: false,
        userProperties: [
          ['k', 'v'],
          ['k', ''],
        ],
        authenticationMethod: 'SCRM',
        authenticationData: wire('0001'),
      },
    };
    assertSame(bytes, packet, 5);
  });

  test('a password without a user name [MQTT-3.1.2-19]', () => {
    const bytes = framed(
      0x10,
      `
      0004 'MQTT' 05   ; Protocol Name and Version
      42               ; Password, Clean Start
      003c             ; Keep Alive
      00               ; Property Length
      0001 'a'         ; Client Identifier
      0000             ; Password, empty
      `,
    );
    assertSame(bytes, { ...minimal, password: new Uint8Array(0) }, 5);
  });

  test('an empty client identifier is for the server to judge', () => {
    const bytes = framed(0x10, "0004 'MQTT' 05 00 0000 00 0000");
    assertSame(bytes, { ...minimal, cleanStart: false, keepAlive: 0, clientId: '' }, 5);
  });

  test('what is decoded does not share memory with what was received', () => {
    const bytes = framed(0x10, "0004 'MQTT' 05 46 003c 00 0001 'a' 00 0001 't' 0001 01 0001 02");
    const packet = decode(bytes, 5) as ConnectPacket;
    bytes.fill(0xee);
    assert.deepEqual(packet.will?.payload, wire('01'));
    assert.deepEqual(packet.password, wire('02'));
  });
});

suite('CONNECT 3.1.1 and 3.1', () => {
  test('3.1.1 with will, user name and password', () => {
    const bytes = wire(`
      10 18         ; CONNECT, Remaining Length 24
      0004 'MQTT'   ; Protocol Name
      04            ; Protocol Level
      ce            ; User Name, Password, Will QoS 1, Will, Clean Session
      000a          ; Keep Alive 10
      0001 'a'      ; Client Identifier
      0001 't'      ; Will Topic
      0000          ; Will Message, empty
      0001 'u'      ; User Name
      0001 'p'      ; Password
    `);
    const packet: ConnectPacket = {
      type: PacketType.connect,
      protocolVersion: 4,
      cleanStart: true,
      keepAlive: 10,
      clientId: 'a',
      will: { topic: 't', payload: new Uint8Array(0), qos: 1, retain: false },
      username: 'u',
      password: wire("'p'"),
    };
    assertSame(bytes, packet, 4);
  });

  test('3.1', () => {
    const bytes = wire(`
      10 0f           ; CONNECT, Remaining Length 15
      0006 'MQIsdp'   ; Protocol Name
      03              ; Protocol Version
      02              ; Connect Flags: Clean Session
      003c            ; Keep Alive
      0001 'a'        ; Client Identifier
    `);
    assertSame(bytes, { ...minimal, protocolVersion: 3 }, 3);
  });

  test('3.1 lets the length of the packet override the user name flag', () => {
    const bytes = framed(0x10, "0006 'MQIsdp' 03 c2 003c 0001 'a'");
    assert.deepEqual(decode(bytes, 3), { ...minimal, protocolVersion: 3 });
    const named = framed(0x10, "0006 'MQIsdp' 03 c2 003c 0001 'a' 0001 'u'");
    assert.deepEqual(decode(named, 3), { ...minimal, protocolVersion: 3, username: 'u' });
    assertRejected(framed(0x10, "0004 'MQTT' 04 c2 003c 0001 'a'"), 4, 0x81);
  });

  test('properties are not written', () => {
    const bytes = encodePacket(
      { ...minimal, protocolVersion: 4, properties: { receiveMaximum: 1 } },
      4,
    );
    assert.deepEqual(bytes, framed(0x10, "0004 'MQTT' 04 02 003c 0001 'a'"));
  });
});

suite('CONNECT refused', () => {
  const cases: [name: string, body: string, reasonCode: number][] = [
    ['protocol name of another protocol', "0004 'MQXX' 05 02 003c 00 0001 'a'", 0x84],
    ['protocol name in lower case', "0004 'mqtt' 04 02 003c 0001 'a'", 0x84],
    ['version 6', "0004 'MQTT' 06 02 003c 00 0001 'a'", 0x84],
    ['version 3 under the later name', "0004 'MQTT' 03 02 003c 0001 'a'", 0x84],
    ['version 4 under the earlier name', "0006 'MQIsdp' 04 02 003c 0001 'a'", 0x84],
    ['version 4 with the bridge bit', "0004 'MQTT' 84 02 003c 0001 'a'", 0x84],
    ['an unknown version, whatever follows', "0004 'MQTT' 07", 0x84],
    ['protocol name not UTF-8', '0001 ff 05 02 003c 00 0000', 0x81],
    ['reserved flag [MQTT-3.1.2-3]', "0004 'MQTT' 05 03 003c 00 0001 'a'", 0x81],
    ['reserved flag in 3.1.1', "0004 'MQTT' 04 03 003c 0001 'a'", 0x81],
    ['Will QoS 3 [MQTT-3.1.2-12]', "0004 'MQTT' 05 1e 003c 00 0001 'a' 00 0001 't' 0000", 0x81],
    ['Will QoS without will [MQTT-3.1.2-11]', "0004 'MQTT' 05 0a 003c 00 0001 'a'", 0x81],
    ['Will Retain without will [MQTT-3.1.2-13]', "0004 'MQTT' 05 22 003c 00 0001 'a'", 0x81],
    ['password alone in 3.1.1', "0004 'MQTT' 04 42 003c 0001 'a' 0001 'p'", 0x81],
    ['password alone in 3.1', "0006 'MQIsdp' 03 42 003c 0001 'a' 0001 'p'", 0x81],
    ['nothing at all', '', 0x81],
    ['no client identifier [MQTT-3.1.3-3]', "0004 'MQTT' 05 02 003c 00", 0x81],
    ['client identifier with U+0000', "0004 'MQTT' 05 02 003c 00 0001 00", 0x81],
    ['client identifier with a surrogate', "0004 'MQTT' 05 02 003c 00 0003 eda080", 0x81],
    ['user name not UTF-8', "0004 'MQTT' 05 82 003c 00 0001 'a' 0001 80", 0x81],
    ['will topic not UTF-8', "0004 'MQTT' 05 06 003c 00 0001 'a' 00 0001 80 0000", 0x81],
    ['will topic empty', "0004 'MQTT' 05 06 003c 00 0001 'a' 00 0000 0000", 0x90],
    ['will topic with a wildcard', "0004 'MQTT' 04 06 003c 0001 'a' 0003 'a/+' 0000", 0x90],
    ['a field too many', "0004 'MQTT' 05 02 003c 00 0001 'a' 0001 'u'", 0x81],
    ['a byte too many', "0004 'MQTT' 04 02 003c 0001 'a' 00", 0x81],
    ['no user name where the flag says so', "0004 'MQTT' 05 82 003c 00 0001 'a'", 0x81],
    ['properties past the end', "0004 'MQTT' 05 02 003c 05 11 000000", 0x81],
    ['Property Length not shortest', "0004 'MQTT' 05 02 003c 8000 0001 'a'", 0x81],
    ['property cut by Property Length', "0004 'MQTT' 05 02 003c 02 21 0001 0001 'a'", 0x81],
    ['Topic Alias in CONNECT', "0004 'MQTT' 05 02 003c 03 23 0001 0001 'a'", 0x81],
    ['Receive Maximum twice', "0004 'MQTT' 05 02 003c 06 21 0001 21 0001 0001 'a'", 0x82],
    ['Receive Maximum 0', "0004 'MQTT' 05 02 003c 03 21 0000 0001 'a'", 0x82],
    ['Maximum Packet Size 0', "0004 'MQTT' 05 02 003c 05 27 00000000 0001 'a'", 0x82],
    ['Request Problem Information 2', "0004 'MQTT' 05 02 003c 02 17 02 0001 'a'", 0x82],
    ['data without method', "0004 'MQTT' 05 02 003c 03 16 0000 0001 'a'", 0x82],
    [
      'Will Delay Interval outside the will',
      "0004 'MQTT' 05 02 003c 05 18 00000000 0001 'a'",
      0x81,
    ],
    [
      'Topic Alias in the will',
      "0004 'MQTT' 05 06 003c 00 0001 'a' 03 23 0001 0001 't' 0000",
      0x81,
    ],
  ];
  for (const [name, body, reasonCode] of cases) {
    test(name, () => assertRejected(framed(0x10, body), 5, reasonCode));
  }
});

suite('CONNECT not written', () => {
  const will = { topic: 't', payload: new Uint8Array(0), qos: 0, retain: false } as const;
  const cases: [name: string, packet: ConnectPacket][] = [
    ['keep alive over 65,535', { ...minimal, keepAlive: 65_536 }],
    ['keep alive with a fraction', { ...minimal, keepAlive: 1.5 }],
    ['another version', { ...minimal, protocolVersion: 6 as 5 }],
    ['password alone in 3.1.1', { ...minimal, protocolVersion: 4, password: wire('00') }],
    ['password over 65,535 bytes', { ...minimal, password: new Uint8Array(65_536) }],
    ['client identifier with U+0000', { ...minimal, clientId: '\0' }],
    ['will topic with a wildcard', { ...minimal, will: { ...will, topic: '#' } }],
    ['will topic empty', { ...minimal, will: { ...will, topic: '' } }],
    ['Will QoS 3', { ...minimal, will: { ...will, qos: 3 as 2 } }],
    ['Receive Maximum 0', { ...minimal, properties: { receiveMaximum: 0 } }],
    ['a fraction of a second', { ...minimal, properties: { sessionExpiryInterval: 0.5 } }],
    ['data without method', { ...minimal, properties: { authenticationData: wire('00') } }],
    ['a property of PUBLISH', { ...minimal, properties: { topicAlias: 1 } as object }],
    ['a property that is none', { ...minimal, properties: { color: 'red' } as object }],
  ];
  for (const [name, packet] of cases) {
    test(name, () => assert.throws(() => encodePacket(packet, 5), RangeError));
  }

  test('what is larger than the receiver accepts is null', () => {
    assert.equal(encodePacket(minimal, 5, 16)?.length, 16);
    assert.equal(encodePacket(minimal, 5, 15), null);
  });

  test('an undefined property is an absent one', () => {
    const packet = { ...minimal, properties: { receiveMaximum: undefined } };
    assert.deepEqual(encodePacket(packet, 5), encodePacket(minimal, 5));
  });
});
