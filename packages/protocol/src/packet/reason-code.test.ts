import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from './packet-type.ts';
import { isReasonCodeOf, ReasonCode } from './reason-code.ts';
import { reasonCodeName } from './reason-code-name.ts';

function codesOf(type: PacketType): string {
  const codes: string[] = [];
  for (let code = 0; code < 256; code += 1) {
    if (isReasonCodeOf(type, code)) codes.push(code.toString(16).padStart(2, '0'));
  }
  return codes.join(' ');
}

suite('reason codes', () => {
  test('each packet has its list', () => {
    assert.equal(
      codesOf(PacketType.connack),
      '00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f',
    );
    assert.equal(codesOf(PacketType.puback), '00 10 80 83 87 90 91 97 99');
    assert.equal(codesOf(PacketType.pubrec), '00 10 80 83 87 90 91 97 99');
    assert.equal(codesOf(PacketType.pubrel), '00 92');
    assert.equal(codesOf(PacketType.pubcomp), '00 92');
    assert.equal(codesOf(PacketType.suback), '00 01 02 80 83 87 8f 91 97 9e a1 a2');
    assert.equal(codesOf(PacketType.unsuback), '00 11 80 83 87 8f 91');
    assert.equal(
      codesOf(PacketType.disconnect),
      '00 04 80 81 82 83 87 89 8b 8c 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2',
    );
    assert.equal(codesOf(PacketType.auth), '00 18 19');
  });

  test('the other packets have none', () => {
    for (const type of [
      PacketType.connect,
      PacketType.publish,
      PacketType.subscribe,
      PacketType.unsubscribe,
      PacketType.pingreq,
      PacketType.pingresp,
    ]) {
      assert.equal(codesOf(type), '');
    }
  });

  test('a name tells apart what shares a value', () => {
    assert.equal(reasonCodeName(0), 'Success');
    assert.equal(reasonCodeName(0, PacketType.suback), 'Granted QoS 0');
    assert.equal(reasonCodeName(0, PacketType.disconnect), 'Normal disconnection');
    assert.equal(reasonCodeName(0, PacketType.connack), 'Success');
    assert.equal(reasonCodeName(ReasonCode.notAuthorized), 'Not authorized');
    assert.equal(reasonCodeName(ReasonCode.notAuthorized, PacketType.pingreq), 'Not authorized');
    assert.equal(reasonCodeName(0x42), 'unknown reason code 0x42');
    assert.equal(reasonCodeName(0x05), 'unknown reason code 0x05');
  });

  test('every code has a name', () => {
    for (const code of Object.values(ReasonCode)) {
      assert.doesNotMatch(reasonCodeName(code), /unknown/);
    }
  });
});
