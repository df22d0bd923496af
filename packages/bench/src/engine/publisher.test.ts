import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type PublishPacket,
} from '@godwit/protocol';
import { VirtualClock } from '@godwit/testkit';
import { type ByteStream, memoryPair } from '@godwit/transport';
import { headerBytes, markOf, readSequence, readTimeUs } from '../wire/payload-header.ts';
import { PublishBlock } from '../wire/publish-block.ts';
import { Ledger } from './ledger.ts';
import { Link } from './link.ts';
import { Publisher, type PublisherPace } from './publisher.ts';
import { Tick } from './tick.ts';

const version = 5;
const mark = markOf(1);

/** A publisher, and what the server it writes to gets. */
class Stage {
  readonly clock = new VirtualClock();
  readonly tick = new Tick(this.clock);
  readonly ledger = new Ledger();
  readonly got: Packet[] = [];
  readonly publisher: Publisher;
  readonly #server: ByteStream;

  constructor(changes: Partial<PublisherPace> = {}) {
    const pace = {
      qos: 0,
      window: 10,
      inflightMax: 10,
      fan: 1,
      intervalUs: 0,
      ...changes,
    } as const;
    const [client, server] = memoryPair(this.clock.defer);
    this.#server = server;
    const reader = new FrameReader(1_000);
    server.open({
      onData: chunk => {
        reader.push(chunk);
        while (reader.next()) {
          const { bytes, header, bodyStart, end } = reader;
          // a copy: the publisher patches its memory again
          const copy = bytes.slice(bodyStart, end);
          this.got.push(decodePacket(copy, header, 0, copy.length, version));
        }
      },
      onEnd: () => {},
      onDrain: () => {},
      onClose: () => {},
    });
    const settings = {
      ...({ url: 'mqtt://h:1', version, keepAliveSeconds: 0, sessionExpirySeconds: 0 } as const),
      ...{ connectTimeoutMs: 1, concurrency: 1 },
    };
    const block = new PublishBlock({
      ...{ topics: ['t'], qos: pace.qos, version, mark, publisher: 0 },
      ...{ payloadBytes: headerBytes, text: '', burst: 10, bytesMax: 1_000 },
    });
    const link = new Link(client, settings, this.tick);
    this.publisher = new Publisher(link, block, pace, this.tick, this.ledger);
  }

  get published(): PublishPacket[] {
    return this.got.filter(packet => packet.type === PacketType.publish);
  }

  async start(): Promise<void> {
    this.publisher.start(this.tick.nowUs());
    await this.clock.settle();
  }

  async answer(packet: Packet): Promise<void> {
    this.#server.write(encodePacket(packet, version) as Uint8Array);
    await this.clock.settle();
  }

  deliver(count: number): void {
    for (let i = 0; i < count; i += 1) this.publisher.deliver();
  }
}

suite('Publisher', () => {
  test('sends a window, and goes on when half of it has been delivered', async () => {
    const stage = new Stage();
    await stage.start();
    equal(stage.published.length, 10);
    stage.deliver(4);
    await stage.clock.settle();
    equal(stage.published.length, 10);
    stage.deliver(1);
    await stage.clock.settle();
    const sequences = stage.published.map(({ payload }) => readSequence(payload, 0));
    deepEqual(
      sequences,
      Array.from({ length: 15 }, (_, i) => i),
    );
  });

  test('counts a message as delivered when all its receivers have it', async () => {
    const stage = new Stage({ fan: 3, window: 1 });
    await stage.start();
    stage.deliver(2);
    await stage.clock.settle();
    equal(stage.published.length, 1);
    stage.deliver(1);
    await stage.clock.settle();
    equal(stage.published.length, 2);
  });

  test('gives up what nobody gets, but not while something comes', async () => {
    const stage = new Stage();
    await stage.start();
    stage.deliver(2);
    equal(stage.publisher.giveUp(), 0);
    equal(stage.publisher.giveUp(), 8);
    await stage.clock.settle();
    equal(stage.published.length, 20);
    // those that were late after all are not credited twice
    stage.deliver(8);
    equal(stage.publisher.outstanding, 2);
  });

  test('without receivers lets pings tell how far the server has read', async () => {
    const stage = new Stage({ fan: 0 });
    await stage.start();
    const types = stage.got.map(({ type }) => type);
    const { publish, pingreq } = PacketType;
    deepEqual(types, [...Array(5).fill(publish), pingreq, ...Array(5).fill(publish), pingreq]);
    await stage.answer({ type: PacketType.pingresp });
    equal(stage.published.length, 15);
    equal(stage.got.at(-1)?.type, pingreq);
  });

  test('QoS 1: bounds what is not acknowledged, and times it without receivers', async () => {
    const stage = new Stage({ qos: 1, fan: 0, inflightMax: 3 });
    await stage.start();
    deepEqual(
      stage.published.map(({ packetId }) => packetId),
      [1, 2, 3],
    );
    await stage.clock.advance(7);
    await stage.answer({ type: PacketType.puback, packetId: 2, reasonCode: 0x97 });
    equal(stage.published.length, 3);
    await stage.answer({ type: PacketType.puback, packetId: 1, reasonCode: 0 });
    deepEqual([stage.published.length, stage.published[4].packetId], [5, 5]);
    deepEqual([stage.ledger.acknowledged, stage.ledger.refused], [2, 1]);
    equal(stage.ledger.interval.summary().maxUs, 7_000);
  });

  test('QoS 2: releases, and takes PUBCOMP or a refusal as the end', async () => {
    const stage = new Stage({ qos: 2, inflightMax: 2 });
    await stage.start();
    await stage.answer({ type: PacketType.pubrec, packetId: 1, reasonCode: 0 });
    const released = stage.got.at(-1);
    ok(released?.type === PacketType.pubrel && released.packetId === 1);
    equal(stage.published.length, 2);
    await stage.answer({ type: PacketType.pubcomp, packetId: 1, reasonCode: 0 });
    equal(stage.published.length, 3);
    await stage.answer({ type: PacketType.pubrec, packetId: 2, reasonCode: 0x87 });
    equal(stage.published.length, 4);
    deepEqual([stage.ledger.acknowledged, stage.ledger.refused], [2, 1]);
  });

  test('open loop: messages that leave late carry the time they were due', async () => {
    const stage = new Stage({ window: Number.POSITIVE_INFINITY, intervalUs: 2_000 });
    await stage.start();
    equal(stage.published.length, 1);
    await stage.clock.advance(7);
    stage.publisher.touch();
    await stage.clock.settle();
    const times = stage.published.map(({ payload }) => readTimeUs(payload, 0));
    deepEqual(
      times.map(time => time - times[0]),
      [0, 2_000, 4_000, 6_000],
    );
  });
});
