import { suite, test } from 'node:test';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { assertRejected, assertSame, wire } from './testing/packet-harness.ts';

suite('PINGREQ and PINGRESP', () => {
  for (const version of [3, 4, 5] as ProtocolVersion[]) {
    test(`two bytes in version ${version}`, () => {
      assertSame(wire('c0 00 ; PINGREQ'), { type: PacketType.pingreq }, version);
      assertSame(wire('d0 00 ; PINGRESP'), { type: PacketType.pingresp }, version);
    });

    test(`a body is refused in version ${version}`, () => {
      assertRejected(wire('c0 01 00'), version, 0x81);
      assertRejected(wire('d0 02 0001'), version, 0x81);
    });

    test(`flags are refused in version ${version} [MQTT-2.1.3-1]`, () => {
      assertRejected(wire('c1 00'), version, 0x81);
      assertRejected(wire('d8 00'), version, 0x81);
    });
  }
});
