/**
 * Any packet of any version, for property tests. Packets are in the form that decoding gives:
 * what a version has no place for is 0, false, empty or absent.
 */
import fc from 'fast-check';
import type { Packet } from '../packet.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import {
  isPropertyOf,
  type PropertyContext,
  type PropertyRule,
  propertyRules,
  WireType,
  willContext,
} from '../property.ts';
import { isReasonCodeOf } from '../reason-code.ts';

/** Plain objects, with all keys or with some. */
function record(
  model: Record<string, fc.Arbitrary<unknown>>,
  constraints: { requiredKeys?: string[] } = {},
): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(model, { ...constraints, noNullPrototype: true });
}

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength }).map(value => value.replaceAll('\0', '?'));

const topic = text(20).map(value => `t${value.replaceAll(/[+#]/g, '/')}`);
const binary = fc.uint8Array({ maxLength: 20 }).map(bytes => Uint8Array.from(bytes));
const packetId = fc.integer({ min: 1, max: 65_535 });
const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const keepAlive = fc.integer({ min: 0, max: 65_535 });

function propertyValue(rule: PropertyRule, context: PropertyContext): fc.Arbitrary<unknown> {
  const min = rule.zero === undefined ? 0 : 1;
  switch (rule.type) {
    case WireType.bit:
      return fc.constantFrom(0, 1);
    case WireType.flag:
      return fc.boolean();
    case WireType.uint16:
      return fc.integer({ min, max: 0xffff });
    case WireType.uint32:
      return fc.integer({ min, max: 0xffff_ffff });
    case WireType.variable:
      return fc.array(fc.integer({ min, max: 268_435_455 }), {
        minLength: 1,
        maxLength: context === PacketType.publish ? 3 : 1,
      });
    case WireType.string:
      return text(40);
    case WireType.topicName:
      return topic;
    case WireType.stringPair:
      return fc.array(fc.tuple(text(5), text(5)), { minLength: 1, maxLength: 3 });
    case WireType.binary:
      return binary;
  }
}

/** `{ properties }` with any that may stand in `context`, or nothing. */
function properties(version: ProtocolVersion, context: PropertyContext): fc.Arbitrary<object> {
  if (version !== 5) return fc.constant({});
  const model: Record<string, fc.Arbitrary<unknown>> = {};
  for (const rule of propertyRules) {
    if (isPropertyOf(context, rule.id)) model[rule.name] = propertyValue(rule, context);
  }
  return record(model, { requiredKeys: [] }).map(chosen => {
    if (chosen.authenticationMethod === undefined) delete chosen.authenticationData;
    return Object.keys(chosen).length === 0 ? {} : { properties: chosen };
  });
}

function reasonCode(type: PacketType): fc.Arbitrary<number> {
  const codes = Array.from({ length: 256 }, (_, code) => code);
  return fc.constantFrom(...codes.filter(code => isReasonCodeOf(type, code)));
}

/** Joins records; what is in `parts` is correct for the packet type by construction. */
function packet(...parts: fc.Arbitrary<object>[]): fc.Arbitrary<Packet> {
  return fc.tuple(...parts).map(objects => Object.assign({}, ...objects) as Packet);
}

function connect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const will = fc
    .tuple(
      record({ topic, payload: binary, qos, retain: fc.boolean() }),
      properties(version, willContext),
    )
    .map(([fields, more]) => ({ will: { ...fields, ...more } }));
  const named = record({ username: text(20), password: binary }, { requiredKeys: ['username'] });
  const credentials =
    version === 5
      ? record({ username: text(20), password: binary }, { requiredKeys: [] })
      : fc.oneof(fc.constant({}), named);
  return packet(
    record({
      type: fc.constant(PacketType.connect),
      protocolVersion: fc.constant(version),
      cleanStart: fc.boolean(),
      keepAlive,
      clientId: text(30),
    }),
    fc.oneof(fc.constant({}), will),
    credentials,
    properties(version, PacketType.connect),
  );
}

function connack(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const type = PacketType.connack;
  const refusals =
    version === 5 ? reasonCode(type) : fc.constantFrom(0, 0x84, 0x85, 0x86, 0x87, 0x88);
  return packet(
    record({ type: fc.constant(type), sessionPresent: fc.boolean(), reasonCode: refusals }).map(
      fields => ({
        ...fields,
        sessionPresent: fields.sessionPresent && fields.reasonCode === 0 && version !== 3,
      }),
    ),
    properties(version, type),
  );
}

function publish(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const payload = fc.oneof(
    binary,
    fc.integer({ min: 100, max: 20_000 }).map(length => new Uint8Array(length).fill(0xab)),
  );
  return packet(
    record({
      type: fc.constant(PacketType.publish),
      topic: topic,
      payload,
      retain: fc.boolean(),
    }),
    fc.oneof(
      record({ qos: fc.constant(0), packetId: fc.constant(0), dup: fc.constant(false) }),
      record({ qos: fc.constantFrom(1, 2), packetId, dup: fc.boolean() }),
    ),
    properties(version, PacketType.publish),
  );
}

function acknowledgement(type: PacketType, version: ProtocolVersion): fc.Arbitrary<Packet> {
  const code = version === 5 ? reasonCode(type) : fc.constant(0);
  return packet(
    record({ type: fc.constant(type), packetId, reasonCode: code }),
    properties(version, type),
  );
}

function subscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const off = fc.constant(false);
  const subscription = record({
    filter: topic,
    qos,
    noLocal: version === 5 ? fc.boolean() : off,
    retainAsPublished: version === 5 ? fc.boolean() : off,
    retainHandling: version === 5 ? qos : fc.constant(0),
  });
  return packet(
    record({
      type: fc.constant(PacketType.subscribe),
      packetId,
      subscriptions: fc.array(subscription, { minLength: 1, maxLength: 4 }),
    }),
    properties(version, PacketType.subscribe),
  );
}

function subscribed(type: PacketType, version: ProtocolVersion): fc.Arbitrary<Packet> {
  const code = version === 5 ? reasonCode(type) : fc.constantFrom(0, 1, 2, 0x80);
  const empty = version !== 5 && type === PacketType.unsuback;
  return packet(
    record({
      type: fc.constant(type),
      packetId,
      reasonCodes: empty ? fc.constant([]) : fc.array(code, { minLength: 1, maxLength: 4 }),
    }),
    properties(version, type),
  );
}

function unsubscribe(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return packet(
    record({
      type: fc.constant(PacketType.unsubscribe),
      packetId,
      filters: fc.array(topic, { minLength: 1, maxLength: 4 }),
    }),
    properties(version, PacketType.unsubscribe),
  );
}

function disconnect(version: ProtocolVersion): fc.Arbitrary<Packet> {
  const type = PacketType.disconnect;
  const code = version === 5 ? reasonCode(type) : fc.constant(0);
  return packet(record({ type: fc.constant(type), reasonCode: code }), properties(version, type));
}

function auth(): fc.Arbitrary<Packet> {
  const more = record(
    {
      authenticationMethod: text(10),
      authenticationData: binary,
      reasonString: text(10),
    },
    { requiredKeys: ['authenticationMethod'] },
  );
  return packet(
    record({
      type: fc.constant(PacketType.auth),
      reasonCode: reasonCode(PacketType.auth),
      properties: more,
    }),
  );
}

/** Any packet of `type` as `version` has it. AUTH is of 5.0 only. */
export function packetOf(type: PacketType, version: ProtocolVersion): fc.Arbitrary<Packet> {
  switch (type) {
    case PacketType.connect:
      return connect(version);
    case PacketType.connack:
      return connack(version);
    case PacketType.publish:
      return publish(version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return acknowledgement(type, version);
    case PacketType.subscribe:
      return subscribe(version);
    case PacketType.suback:
    case PacketType.unsuback:
      return subscribed(type, version);
    case PacketType.unsubscribe:
      return unsubscribe(version);
    case PacketType.pingreq:
    case PacketType.pingresp:
      return fc.constant({ type });
    case PacketType.disconnect:
      return disconnect(version);
    case PacketType.auth:
      return auth();
  }
}

/** The packet types that `version` has. */
export function typesOf(version: ProtocolVersion): PacketType[] {
  return Object.values(PacketType).filter(type => version === 5 || type !== PacketType.auth);
}

/** Any packet that `version` has. */
export function anyPacket(version: ProtocolVersion): fc.Arbitrary<Packet> {
  return fc.oneof(...typesOf(version).map(type => packetOf(type, version)));
}
