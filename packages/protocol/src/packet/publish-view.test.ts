import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame.ts';
import { decodePacket, encodePacket } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { ProtocolError } from './protocol-error.ts';
import type { PublishPacket } from './publish.ts';
import { packetIdOffset, publishFrameSize, writePublishHead } from './publish-frame.ts';
import { PublishView } from './publish-view.ts';
import { packetOf } from './testing/packet-arbitrary.ts';
import { framed, wire } from './testing/packet-harness.ts';
import { decodeUtf8 } from './utf8.ts';

function viewOf(bytes: Uint8Array, version: ProtocolVersion): PublishView {
  const reader = new FrameReader(1_000_000);
  reader.push(bytes);
  assert.ok(reader.next());
  const view = new PublishView();
  view.read(reader.bytes, reader.header, reader.bodyStart, reader.end, version);
  return view;
}

function reasonOf(read: () => unknown): number {
  try {
    read();
    return 0;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return error.reasonCode;
  }
}

function rejects(body: string, reasonCode: number, header = 0x30): void {
  assert.equal(
    reasonOf(() => viewOf(framed(header, body), 5)),
    reasonCode,
  );
}

suite('PublishView', () => {
  test('says where everything is', () => {
    const bytes = wire(`
      3b                     ; PUBLISH, DUP, QoS 1, RETAIN
      1d                     ; Remaining Length
      0003 'a/b'             ; Topic Name
      0102                   ; Packet Identifier
      13                     ; Property Length
      01 01                  ; Payload Format Indicator
      23 0007                ; Topic Alias
      02 0000003c            ; Message Expiry Interval
      26 0002 'k1' 0002 'v1' ; User Property
      'hi'                   ; Payload
    `);
    const view = viewOf(bytes, 5);
    assert.deepEqual([view.qos, view.retain, view.dup, view.packetId], [1, true, true, 0x102]);
    assert.equal(decodeUtf8(bytes, view.topicStart, view.topicEnd), 'a/b');
    assert.deepEqual([view.propertiesStart, view.propertiesEnd], [10, 29]);
    assert.deepEqual([view.payloadStart, view.payloadEnd], [29, 31]);
    assert.deepEqual([view.topicAlias, view.topicAliasAt], [7, 12]);
    assert.deepEqual([view.payloadFormatAt, view.messageExpiryAt], [11, 16]);
    assert.equal(view.hasSubscriptionIdentifier, false);
  });

  test('forgets the properties of the packet before', () => {
    const view = viewOf(framed(0x30, "0001 'a' 0c 23 0001 02 00000001 01 01 0b 01"), 5);
    assert.equal(view.hasSubscriptionIdentifier, true);
    const bytes = framed(0x30, "0001 'a' 00 'x'");
    view.read(bytes, 0x30, 2, bytes.length, 5);
    assert.deepEqual(
      [view.topicAlias, view.topicAliasAt, view.messageExpiryAt, view.payloadFormatAt],
      [0, -1, -1, -1],
    );
    assert.equal(view.hasSubscriptionIdentifier, false);
  });

  test('what breaks the rules has the reason code of the rule', () => {
    rejects("0001 'a'", 0x81); // no Property Length
    rejects('0005', 0x81); // topic cut short
    rejects("0001 'a' 05 01 01", 0x81); // properties cut short
    rejects("0001 'a' 02 0b 00", 0x82); // Subscription Identifier 0
    rejects("0001 'a' 04 01 01 01 01", 0x82); // twice
    rejects("0001 'a' 02 01 02", 0x82); // Payload Format 2
    rejects("0001 'a' 03 23 0000", 0x94); // [MQTT-3.3.2-8]
    rejects("0001 'a' 05 11 00000001", 0x81); // Session Expiry Interval
    rejects("0001 'a' 04 08 0001 '#'", 0x82); // [MQTT-3.3.2-14]
    rejects("0001 'a' 04 03 0001 ff", 0x81); // Content Type is no UTF-8
    rejects("0001 'a' 02 80 00", 0x81); // [MQTT-1.5.5-1] Property Length not the shortest
    rejects("0001 'a' 00", 0x81, 0x38); // [MQTT-3.3.1-2]
    rejects("0001 'a' 0001 00", 0x81, 0x36); // [MQTT-3.3.1-4]
    rejects("0001 'a' 0000 00", 0x82, 0x32); // packet identifier 0
  });

  test('agrees with the decoder on every mutation of a PUBLISH', () => {
    const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    const packet = packetOf(PacketType.publish, 5);
    fc.assert(
      fc.property(packet, fc.array(mutation, { maxLength: 2 }), (original, mutations) => {
        const bytes = encodePacket(original, 5) as Uint8Array;
        const reader = new FrameReader(1_000_000);
        reader.push(bytes);
        assert.ok(reader.next());
        const { bodyStart, end } = reader;
        for (const { at, byte } of mutations) {
          bytes[bodyStart + (at % (end - bodyStart))] = byte;
        }
        const header = bytes[0];
        const view = new PublishView();
        const seen = reasonOf(() => view.read(bytes, header, bodyStart, end, 5));
        const decoded = reasonOf(() => decodePacket(bytes, header, bodyStart, end, 5));
        // The topic's characters are the route's business, and come after all else.
        if (seen !== 0) assert.notEqual(decoded, 0);
        else if (decoded !== 0) assert.ok([0x81, 0x82, 0x90].includes(decoded));
      }),
      { numRuns: 500 },
    );
  });

  test('a frame written from a view is the packet, in either version', () => {
    const versions = fc.constantFrom(4 as const, 5 as const);
    const packets = versions.chain(version =>
      fc.tuple(fc.constant(version), packetOf(PacketType.publish, version)),
    );
    fc.assert(
      fc.property(
        packets,
        versions,
        fc.constantFrom(0 as const, 1 as const, 2 as const),
        ([from, packet], to, qos) => {
          const publish = packet as PublishPacket;
          const view = viewOf(encodePacket(publish, from) as Uint8Array, from);
          const packetId = qos === 0 ? 0 : 0x1234;
          const frame = new Uint8Array(publishFrameSize(view, to === 5, qos > 0, 0));
          const header = 0x30 | (qos << 1);
          const at = writePublishHead(frame, 0, view, header, packetId, to === 5, null);
          frame.set(publish.payload, at);
          if (qos > 0) assert.equal(frame[packetIdOffset(frame, 0)], 0x12);
          const written = viewOf(frame, to);
          const decoded = decodePacket(frame, header, written.topicStart - 2, frame.length, to);
          const { properties, ...fields } = publish;
          const expected: PublishPacket = { ...fields, qos, packetId, dup: false, retain: false };
          if (to === 5 && properties !== undefined) expected.properties = properties;
          assert.deepStrictEqual(decoded, expected);
        },
      ),
      { numRuns: 200 },
    );
  });
});
