import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from './packet-type.ts';
import {
  isPropertyOf,
  isRepeatable,
  type PropertyContext,
  propertyRules,
  willContext,
} from './property.ts';
import { scanProperties } from './property-scan.ts';
import { ProtocolError } from './protocol-error.ts';
import { wire } from './testing/packet-harness.ts';

/** One well-formed occurrence of each property, by identifier. */
const samples: Record<string, string> = {
  '01': '01 01',
  '02': '02 0000003c',
  '03': "03 0004 'text'",
  '08': "08 0003 'r/t'",
  '09': '09 0002 00ff',
  '0b': '0b 8001',
  '11': '11 ffffffff',
  '12': "12 0002 'id'",
  '13': '13 0000',
  '15': "15 0001 'm'",
  '16': '16 0000',
  '17': '17 00',
  '18': '18 00000000',
  '19': '19 01',
  '1a': "1a 0001 'i'",
  '1c': "1c 0001 's'",
  '1f': "1f 0001 'r'",
  '21': '21 0001',
  '22': '22 0000',
  '23': '23 0001',
  '24': '24 00',
  '25': '25 01',
  '26': "26 0001 'k' 0001 'v'",
  '27': '27 00000001',
  '28': '28 00',
  '29': '29 01',
  '2a': '2a 01',
};

function scan(context: PropertyContext, drawing: string): number {
  const bytes = Uint8Array.of(...wire(drawing), 0xff, 0xff, 0xff, 0xff);
  try {
    scanProperties(bytes, 0, bytes.length - 4, context);
    return 0;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.reasonCode;
  }
}

const allContexts: PropertyContext[] = [willContext, ...Object.values(PacketType)];

suite('property table', () => {
  test('there are 27, each with a sample here', () => {
    assert.equal(propertyRules.length, 27);
    assert.equal(new Set(propertyRules.map(rule => rule.id)).size, 27);
    assert.deepEqual(
      propertyRules.map(rule => rule.id.toString(16).padStart(2, '0')),
      Object.keys(samples).sort(),
    );
  });

  test('each packet has its list', () => {
    const idsOf = (context: PropertyContext): string =>
      Object.keys(samples)
        .sort()
        .filter(id => isPropertyOf(context, Number.parseInt(id, 16)))
        .join(' ');
    assert.equal(idsOf(PacketType.connect), '11 15 16 17 19 21 22 26 27');
    assert.equal(idsOf(PacketType.connack), '11 12 13 15 16 1a 1c 1f 21 22 24 25 26 27 28 29 2a');
    assert.equal(idsOf(PacketType.publish), '01 02 03 08 09 0b 23 26');
    assert.equal(idsOf(willContext), '01 02 03 08 09 18 26');
    assert.equal(idsOf(PacketType.subscribe), '0b 26');
    assert.equal(idsOf(PacketType.unsubscribe), '26');
    for (const type of [
      PacketType.puback,
      PacketType.pubrec,
      PacketType.pubrel,
      PacketType.pubcomp,
      PacketType.suback,
      PacketType.unsuback,
    ]) {
      assert.equal(idsOf(type), '1f 26');
    }
    assert.equal(idsOf(PacketType.disconnect), '11 1c 1f 26');
    assert.equal(idsOf(PacketType.auth), '15 16 1f 26');
    assert.equal(idsOf(PacketType.pingreq), '');
    assert.equal(idsOf(PacketType.pingresp), '');
  });
});

suite('scanning properties', () => {
  test('each is accepted where it belongs and is 0x81 elsewhere', () => {
    for (const context of allContexts) {
      for (const { id, name } of propertyRules) {
        const hex = id.toString(16).padStart(2, '0');
        // data needs its method beside it
        const drawing = hex === '16' ? `${samples['15']} ${samples['16']}` : samples[hex];
        const expected = isPropertyOf(context, id) ? 0 : 0x81;
        assert.equal(scan(context, drawing), expected, `${name} in ${context}`);
      }
    }
  });

  test('an unknown identifier is 0x81', () => {
    for (const id of ['00', '04', '7f', '80', '8001', 'ff']) {
      assert.equal(scan(PacketType.publish, `${id} 00 00`), 0x81);
    }
  });

  test('a second one is 0x82, except where it may recur', () => {
    for (const context of allContexts) {
      for (const { id, name } of propertyRules) {
        if (!isPropertyOf(context, id)) continue;
        const hex = id.toString(16).padStart(2, '0');
        const method = hex === '16' ? samples['15'] : '';
        const expected = isRepeatable(context, id) ? 0 : 0x82;
        const drawing = `${method} ${samples[hex]} ${samples[hex]}`;
        assert.equal(scan(context, drawing), expected, `${name} in ${context}`);
      }
    }
    assert.ok(isRepeatable(PacketType.publish, 0x0b));
    assert.ok(!isRepeatable(PacketType.subscribe, 0x0b));
  });

  test('a value cut short is 0x81', () => {
    for (const context of allContexts) {
      for (const { id } of propertyRules) {
        if (!isPropertyOf(context, id)) continue;
        const whole = wire(samples[id.toString(16).padStart(2, '0')]);
        for (let length = 1; length < whole.length; length += 1) {
          assert.throws(
            () => scanProperties(whole, 0, length, context),
            (error: ProtocolError) => error.reasonCode === 0x81,
          );
        }
      }
    }
  });

  test('a byte that is neither 0 nor 1 is 0x82', () => {
    assert.equal(scan(PacketType.publish, '01 02'), 0x82);
    assert.equal(scan(willContext, '01 02'), 0x82);
    assert.equal(scan(PacketType.connect, '17 02'), 0x82);
    assert.equal(scan(PacketType.connect, '19 ff'), 0x82);
    for (const id of ['24', '25', '28', '29', '2a']) {
      assert.equal(scan(PacketType.connack, `${id} 02`), 0x82);
    }
  });

  test('0 is refused where it means nothing', () => {
    assert.equal(scan(PacketType.connect, '21 0000'), 0x82); // Receive Maximum
    assert.equal(scan(PacketType.connect, '27 00000000'), 0x82); // Maximum Packet Size
    assert.equal(scan(PacketType.subscribe, '0b 00'), 0x82); // Subscription Identifier
    assert.equal(scan(PacketType.publish, '0b 00'), 0x82);
    assert.equal(scan(PacketType.publish, '23 0000'), 0x94); // Topic Alias
    assert.equal(scan(PacketType.connect, '27 01000000'), 0);
  });

  test('integers of variable length take their shortest form of at most four bytes', () => {
    assert.equal(scan(PacketType.publish, '0b ffffff7f'), 0);
    assert.equal(scan(PacketType.publish, '0b 8100'), 0x81);
    assert.equal(scan(PacketType.publish, '0b 80808000'), 0x81);
    assert.equal(scan(PacketType.publish, '0b ffffffff01'), 0x81);
  });

  test('every string is checked, both of a pair too [MQTT-1.5.7-1]', () => {
    const contexts = [PacketType.connack, PacketType.auth, PacketType.publish, willContext];
    for (const context of contexts) {
      for (const id of ['03', '08', '12', '15', '1a', '1c', '1f']) {
        if (!isPropertyOf(context, Number.parseInt(id, 16))) continue;
        assert.equal(scan(context, `${id} 0001 00`), 0x81);
        assert.equal(scan(context, `${id} 0003 eda080`), 0x81);
      }
      assert.equal(scan(context, "26 0001 ff 0001 'v'"), 0x81);
      assert.equal(scan(context, "26 0001 'k' 0001 c0"), 0x81);
    }
  });

  test('a Response Topic is a topic name [MQTT-3.3.2-14]', () => {
    assert.equal(scan(PacketType.publish, "08 0003 'a/+'"), 0x82);
    assert.equal(scan(willContext, "08 0001 '#'"), 0x82);
    assert.equal(scan(PacketType.publish, '08 0000'), 0x82);
  });

  test('Authentication Data needs its Method', () => {
    for (const context of [PacketType.connect, PacketType.connack, PacketType.auth]) {
      assert.equal(scan(context, '16 0001 00'), 0x82);
      assert.equal(scan(context, "16 0001 00 15 0001 'm'"), 0);
    }
  });
});
