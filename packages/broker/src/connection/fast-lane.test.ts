import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  parseTopicFilter,
  type QoS,
  topicMatchesFilter,
} from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import fc from 'fast-check';
import {
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
  textOf,
} from '../testing/test-broker.ts';

const { publish, puback } = PacketType;

interface Member {
  readonly version: ProtocolVersion;
  /** 0: none given. */
  readonly maximumPacketSize: number;
}

interface Sent {
  readonly topic: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly size: number;
  readonly contentType: string | undefined;
}

/** One client writes packets, as one chunk or cut into several. */
interface Traffic {
  readonly from: number;
  readonly packets: readonly Sent[];
  readonly cuts: readonly number[];
  readonly isSettled: boolean;
}

/** One client subscribes or unsubscribes, once all before it has happened. */
interface Change {
  readonly who: number;
  readonly filter: string;
  readonly isSubscribe: boolean;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly identifier: number;
}

interface Plan {
  readonly members: readonly Member[];
  readonly steps: readonly (Traffic | Change)[];
}

const version = fc.constantFrom<ProtocolVersion>(3, 4, 5, 5);
const topic = fc.constantFrom('a', 'a', 'a/b', 'b', '$a', '/');
const filter = fc.constantFrom('a', 'a/b', '+', '#', 'a/#', '$a', '/', '$share/g/a');

const member: fc.Arbitrary<Member> = fc.record({
  version,
  maximumPacketSize: fc.constantFrom(0, 0, 0, 30, 120, 3_000),
});

const sent: fc.Arbitrary<Sent> = fc.record({
  topic,
  qos: fc.constantFrom<0 | 1>(0, 0, 0, 0, 1),
  retain: fc.constantFrom(false, false, false, false, true),
  size: fc.oneof(fc.nat(40), fc.nat(40), fc.constantFrom(900, 2_100, 17_000, 70_000)),
  contentType: fc.constantFrom(undefined, undefined, 'text'),
});

const traffic = (members: number): fc.Arbitrary<Traffic> =>
  fc.record({
    from: fc.nat(members - 1),
    packets: fc.array(sent, { minLength: 1, maxLength: 12 }),
    cuts: fc.array(fc.nat(100_000), { maxLength: 4 }),
    isSettled: fc.boolean(),
  });

const change = (members: number): fc.Arbitrary<Change> =>
  fc.record({
    who: fc.nat(members - 1),
    filter,
    isSubscribe: fc.constantFrom(true, true, true, false),
    qos: fc.constantFrom<QoS>(0, 0, 1),
    noLocal: fc.constantFrom(false, false, false, false, true),
    identifier: fc.constantFrom(0, 0, 0, 0, 0, 5),
  });

const plan: fc.Arbitrary<Plan> = fc.array(member, { minLength: 1, maxLength: 8 }).chain(members =>
  fc.record({
    members: fc.constant(members),
    steps: fc
      .tuple(
        fc.array(change(members.length), { minLength: 1, maxLength: 10 }),
        fc.array(fc.oneof(traffic(members.length), change(members.length)), { maxLength: 15 }),
      )
      .map(([before, steps]) => [...before, ...steps]),
  }),
);

/** All that one client gets, as it comes. */
class Tap {
  readonly stream: ByteStream;
  readonly version: ProtocolVersion;
  readonly chunks: Uint8Array[] = [];

  constructor({ network }: TestBroker, { version, maximumPacketSize }: Member, clientId: string) {
    this.version = version;
    this.stream = network.connect('broker');
    this.stream.open({
      onData: chunk => void this.chunks.push(Uint8Array.from(chunk)),
      onEnd() {},
      onDrain() {},
      onClose() {},
    });
    this.send({
      type: PacketType.connect,
      protocolVersion: version,
      cleanStart: true,
      keepAlive: 0,
      clientId,
      properties: maximumPacketSize > 0 ? { maximumPacketSize } : {},
    });
  }

  send(packet: Packet): void {
    this.stream.write(encodePacket(packet, this.version)!);
  }

  get received(): Uint8Array {
    return Buffer.concat(this.chunks);
  }

  /** The messages that came because they were published, not those that were retained. */
  get messages(): PublishPacket[] {
    const reader = new FrameReader(1_000_000);
    const messages: PublishPacket[] = [];
    reader.push(this.received);
    while (reader.next()) {
      const { bytes, header, bodyStart, end } = reader;
      const packet = decodePacket(bytes, header, bodyStart, end, this.version);
      // Nobody asks for Retain As Published: with RETAIN come those that a new subscription brings.
      if (packet.type === publish && !packet.retain) messages.push(packet);
    }
    return messages;
  }
}

/** Bytes of a PUBLISH whose payload begins with who sent it and a running number. */
function encoded(sent: Sent, from: number, number: number, version: ProtocolVersion): Uint8Array {
  const payload = new Uint8Array(4 + sent.size).fill(number * 7 + sent.size);
  payload.set([from, number >> 16, number >> 8, number]);
  const { topic, qos, retain, contentType } = sent;
  const fields = { payload, qos, retain, packetId: qos === 0 ? 0 : 1 + (number % 0xffff) };
  const properties = contentType === undefined ? undefined : { contentType };
  return encodePacket(publishOf(topic, '', { ...fields, properties }), version)!;
}

function sendChange(tap: Tap, { filter, isSubscribe, qos, noLocal, identifier }: Change): void {
  if (!isSubscribe) {
    tap.send({ type: PacketType.unsubscribe, packetId: 1, filters: [filter] });
    return;
  }
  const isShared = filter.startsWith('$share/');
  const options = { retainAsPublished: false, retainHandling: 2 } as const;
  tap.send({
    type: PacketType.subscribe,
    packetId: 1,
    subscriptions: [{ filter, qos, noLocal: noLocal && !isShared, ...options }],
    properties: identifier === 0 ? {} : { subscriptionIdentifiers: [identifier] },
  });
}

function sendTraffic(tap: Tap, { from, packets, cuts }: Traffic, firstNumber: number): void {
  const chunk = Buffer.concat(
    packets.map((packet, i) => encoded(packet, from, firstNumber + i, tap.version)),
  );
  const ends = [...cuts.map(cut => cut % (chunk.length + 1)), chunk.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    tap.stream.write(Uint8Array.from(chunk.subarray(start, end)));
    start = end;
  }
}

async function run({ members, steps }: Plan, isForcedOff: boolean): Promise<Tap[]> {
  const hooks = isForcedOff ? { onPublish() {} } : {};
  const test = testBroker({ hooks });
  const taps = members.map((one, i) => new Tap(test, one, `c${i}`));
  await test.settle();
  let number = 0;
  for (const step of steps) {
    if ('who' in step) {
      await test.settle();
      sendChange(taps[step.who], step);
      await test.settle();
    } else {
      sendTraffic(taps[step.from], step, number);
      number += step.packets.length;
      if (step.isSettled) await test.settle();
    }
  }
  await test.settle();
  return taps;
}

/** Numbers of the messages that a client without size limit has to get, in any order. */
function expectedNumbers({ members, steps }: Plan, receiver: number): number[] {
  const filters = new Map<string, Change>();
  const numbers: number[] = [];
  let number = 0;
  for (const step of steps) {
    if ('who' in step) {
      if (step.who !== receiver) continue;
      if (step.isSubscribe) filters.set(step.filter, step);
      else filters.delete(step.filter);
      continue;
    }
    for (const { topic } of step.packets) {
      const isWanted = [...filters.values()].some(({ filter, noLocal }) => {
        const isKept = noLocal && members[receiver].version === 5 && step.from === receiver;
        return !isKept && topicMatchesFilter(topic, filter);
      });
      if (isWanted) numbers.push(number);
      number += 1;
    }
  }
  return numbers;
}

function numberOf({ payload }: PublishPacket): number {
  return (payload[1] << 16) | (payload[2] << 8) | payload[3];
}

/** Order per publisher and topic, and no topic that the client never subscribed to. */
function checkStream(tap: Tap, { steps }: Plan, receiver: number): void {
  const filters = steps
    .filter(step => 'who' in step)
    .filter(({ who, isSubscribe }) => who === receiver && isSubscribe)
    .map(({ filter }) => parseTopicFilter(filter)!.filter);
  const last = new Map<string, number>();
  for (const packet of tap.messages) {
    const { topic, payload } = packet;
    assert(
      filters.some(filter => topicMatchesFilter(topic, filter)),
      topic,
    );
    const key = `${payload[0]} ${topic}`;
    assert(numberOf(packet) >= (last.get(key) ?? 0), `order of ${key}`);
    last.set(key, numberOf(packet));
  }
}

suite('the fast lane forwards what the general path would', () => {
  test('byte for byte, to everyone, whatever the traffic; in order; matching topics only [MQTT-3.3.2-3] [MQTT-4.6.0-5]', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async plan => {
        const fast = await run(plan, false);
        const general = await run(plan, true);
        for (const [i, tap] of fast.entries()) {
          assert(Buffer.compare(tap.received, general[i].received) === 0, `client ${i}`);
          checkStream(tap, plan, i);
          const isShared = plan.steps.some(
            step => 'who' in step && step.filter.startsWith('$share'),
          );
          if (plan.members[i].maximumPacketSize > 0 || isShared) continue;
          const numbers = tap.messages.map(numberOf).sort((a, b) => a - b);
          assert.deepEqual(numbers, expectedNumbers(plan, i));
        }
      }),
      { seed: 20_260_101, numRuns: 80 },
    );
  });

  test('the same messages are counted', async () => {
    for (const hooks of [{}, { onPublish() {} }]) {
      const { connected, broker } = testBroker({ hooks });
      const publisher = await connected({ clientId: 'p' });
      await subscribe(await connected({ clientId: 'a' }), 'a');
      await subscribe(await connected({ clientId: 'b', protocolVersion: 4 }), 'a');
      const small = await connected({ clientId: 's', properties: { maximumPacketSize: 12 } });
      await subscribe(small, 'a');
      publisher.send(bytes`
        30 04 00 01 61 00
        30 0f 00 01 61 00 30 31 32 33 34 35 36 37 38 39 3a
        30 04 00 01 62 00
      `);
      await small.expect(publish);
      const { messagesReceived, messagesSent, messagesUnrouted, messagesDroppedTooLarge } =
        broker.metrics;
      assert.deepEqual(
        { messagesReceived, messagesSent, messagesUnrouted, messagesDroppedTooLarge },
        { messagesReceived: 3, messagesSent: 5, messagesUnrouted: 1, messagesDroppedTooLarge: 1 },
      );
    }
  });
});

suite('a run ends before anything else of its connection', () => {
  test('PINGRESP, PUBACK and SUBACK keep their places', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, '#', { qos: 0 });
    client.send(bytes`
      30 05 00 01 61 00 31
      c0 00                          # PINGREQ
      30 05 00 01 61 00 32
      32 07 00 01 61 00 09 00 33     # QoS 1
      30 05 00 01 61 00 34
      e0 00                          # DISCONNECT
    `);
    assert.equal(textOf(await client.expect(publish)), '1');
    await client.expect(PacketType.pingresp);
    assert.equal(textOf(await client.expect(publish)), '2');
    assert.equal(textOf(await client.expect(publish)), '3');
    await client.expect({ type: puback, packetId: 9 });
    assert.equal(textOf(await client.expect(publish)), '4');
    await client.expectClosed();
  });

  test('a taken-over client has had all that came before', async () => {
    const { connected, client } = testBroker();
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, '#');
    const publisher = client();
    await publisher.connect({ clientId: 'p' });
    publisher.send(bytes`30 05 00 01 61 00 31  30 05 00 01 61 00 32`);
    await connected({ clientId: 'p' });
    assert.equal(textOf(await receiver.expect(publish)), '1');
    assert.equal(textOf(await receiver.expect(publish)), '2');
  });
});

suite('a receiver that is too slow', () => {
  test('loses QoS 0 messages of whole runs, counted; all it gets is whole and in order', async () => {
    const { connected, broker } = testBroker({ limits: { outboundBytesMax: 65_536 } });
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, 'a', { qos: 0 });
    const publisher = await connected({ clientId: 'p' });
    receiver.stream.pause();
    const count = 40;
    for (let i = 0; i < count; i += 1) {
      publisher.send(publishOf('a', '', { payload: new Uint8Array(8_000).fill(i) }));
      await publisher.expectNothing();
    }
    const dropped = broker.metrics.messagesDroppedSlowClient;
    assert(dropped > 0 && dropped < count, `${dropped} dropped`);
    receiver.stream.resume();
    for (let i = 0; i < count - dropped; i += 1) {
      const { payload } = await receiver.expect(publish);
      assert.deepEqual(payload, new Uint8Array(8_000).fill(i));
    }
    await receiver.expectNothing();
    publisher.send(publishOf('a', 'again'));
    assert.equal(textOf(await receiver.expect(publish)), 'again');
  });
});
