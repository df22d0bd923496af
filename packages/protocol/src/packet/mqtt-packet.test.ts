/** The codec held against npm's mqtt-packet, an implementation that shares nothing with it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { generate, parser, type Packet as TheirPacket } from 'mqtt-packet';
import type { Packet } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { Properties, UserProperty } from './property.ts';
import { decode } from './testing/packet-harness.ts';
import { samplesOf } from './testing/packet-samples.ts';

type Fields = Record<string, unknown>;

const returnCodes: Record<number, number> = { 0: 0, 132: 1, 133: 2, 136: 3, 134: 4, 135: 5 };

/** Our properties under their names and in their types. */
function theirProperties(properties: Properties | undefined): Fields {
  if (properties === undefined) return {};
  const { subscriptionIdentifiers, subscriptionIdentifierAvailable, ...rest } = properties;
  const theirs: Fields = { ...rest };
  if (subscriptionIdentifiers !== undefined) {
    theirs.subscriptionIdentifier =
      subscriptionIdentifiers.length === 1 ? subscriptionIdentifiers[0] : subscriptionIdentifiers;
  }
  if (subscriptionIdentifierAvailable !== undefined) {
    theirs.subscriptionIdentifiersAvailable = subscriptionIdentifierAvailable;
  }
  if (rest.payloadFormatIndicator !== undefined) {
    theirs.payloadFormatIndicator = rest.payloadFormatIndicator === 1;
  }
  if (rest.userProperties !== undefined) {
    theirs.userProperties = Object.fromEntries(rest.userProperties as UserProperty[]);
  }
  for (const name of ['correlationData', 'authenticationData']) {
    if (theirs[name] !== undefined) theirs[name] = Buffer.from(theirs[name] as Uint8Array);
  }
  return { properties: theirs };
}

/** The packet as mqtt-packet describes it. */
function theirsOf(packet: Packet, version: ProtocolVersion): Fields {
  const cmd = Object.keys(PacketType)[packet.type - 1];
  const properties = 'properties' in packet ? theirProperties(packet.properties) : {};
  switch (packet.type) {
    case PacketType.connect: {
      const { will, username, password } = packet;
      return {
        cmd,
        protocolId: version === 3 ? 'MQIsdp' : 'MQTT',
        protocolVersion: version,
        clean: packet.cleanStart,
        keepalive: packet.keepAlive,
        clientId: packet.clientId,
        ...(will && {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: will.qos,
            retain: will.retain,
            ...theirProperties(will.properties),
          },
        }),
        ...(username && { username }),
        ...(password && { password: Buffer.from(password) }),
        ...properties,
      };
    }
    case PacketType.connack: {
      const { sessionPresent, reasonCode } = packet;
      const code = version === 5 ? { reasonCode } : { returnCode: returnCodes[reasonCode] };
      return { cmd, sessionPresent, ...code, ...properties };
    }
    case PacketType.publish: {
      const { topic, qos, retain, dup, packetId } = packet;
      const payload = Buffer.from(packet.payload);
      const id = qos > 0 ? { messageId: packetId } : {};
      return { cmd, topic, payload, qos, retain, dup, ...id, ...properties };
    }
    case PacketType.subscribe:
      return {
        cmd,
        messageId: packet.packetId,
        subscriptions: packet.subscriptions.map(subscription => ({
          topic: subscription.filter,
          qos: subscription.qos,
          ...(version === 5 && {
            nl: subscription.noLocal,
            rap: subscription.retainAsPublished,
            rh: subscription.retainHandling,
          }),
        })),
        ...properties,
      };
    case PacketType.unsubscribe:
      return {
        cmd,
        messageId: packet.packetId,
        unsubscriptions: packet.filters,
        ...properties,
      };
    case PacketType.suback:
    case PacketType.unsuback: {
      const granted = packet.reasonCodes.length > 0 ? { granted: packet.reasonCodes } : {};
      return { cmd, messageId: packet.packetId, ...granted, ...properties };
    }
    case PacketType.pingreq:
    case PacketType.pingresp:
      return { cmd };
    case PacketType.disconnect:
    case PacketType.auth: {
      const { reasonCode } = packet;
      return { cmd, ...(version === 5 && { reasonCode }), ...properties };
    }
    default: {
      const { packetId: messageId, reasonCode } = packet;
      return { cmd, messageId, ...(version === 5 && { reasonCode }), ...properties };
    }
  }
}

function parse(bytes: Uint8Array, protocolVersion: ProtocolVersion): TheirPacket {
  const parsed: TheirPacket[] = [];
  const theirs = parser({ protocolVersion });
  theirs.on('packet', packet => parsed.push(packet));
  theirs.on('error', error => assert.fail(String(error)));
  assert.equal(theirs.parse(Buffer.from(bytes)), 0);
  assert.equal(parsed.length, 1);
  return parsed[0];
}

suite('mqtt-packet', () => {
  for (const version of [3, 4, 5] as ProtocolVersion[]) {
    samplesOf(version).forEach(({ packet, bytes }, index) => {
      const cmd = Object.keys(PacketType)[packet.type - 1];
      const expected = theirsOf(packet, version);

      test(`reads our ${cmd} (${index}) of version ${version}`, () => {
        const parsed = parse(bytes, version) as unknown as Fields;
        for (const [name, value] of Object.entries(expected)) {
          assert.deepEqual(normal(parsed[name]), normal(value), name);
        }
      });

      test(`writes what we read: ${cmd} (${index}) of version ${version}`, () => {
        const written = generate(expected as unknown as TheirPacket, { protocolVersion: version });
        assert.deepStrictEqual(decode(written, version), packet);
      });
    });
  }
});

/** Their objects have null prototypes here and there, and an empty list for no codes. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
