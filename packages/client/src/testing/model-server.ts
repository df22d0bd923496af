/**
 * A server for tests of a client over bad networks: it keeps one session over connections, until it
 * is restarted, and watches that the client keeps to the rules of sending again.
 */
import assert from 'node:assert/strict';
import {
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type PublishPacket,
} from '@godwit/protocol';
import type { SeededRandom } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import { publish } from './scripted-server.ts';

/** What the server remembers of the client. */
interface ModelSession {
  /** What each identifier of QoS 2 stands for, until PUBREL. */
  readonly known: Map<number, string>;
  /** What was published in it. */
  readonly fresh: Set<string>;
  /** Messages for the client that are not done with, in order. */
  readonly outbound: Map<number, PublishPacket | 'released'>;
  lastId: number;
}

const text = new TextDecoder();

export class ModelServer {
  /** Each message that came, in order: `topic qos number`. */
  readonly received: string[] = [];
  readonly #random: SeededRandom;
  #session: ModelSession | null = null;
  #stream: ByteStream | null = null;
  #isUp = false;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Forgets all. */
  restart(): void {
    this.#session = null;
    this.#stream?.destroy();
    this.#isUp = false;
  }

  /** Whether nothing is under way to the client. */
  get isIdle(): boolean {
    return this.#session !== null && this.#session.outbound.size === 0;
  }

  /** Sends a message to the client, now or with the next connection. */
  publish(topic: string, qos: 1 | 2, number: number): void {
    const session = this.#session;
    if (session === null) return;
    session.lastId += 1;
    const payload = new TextEncoder().encode(`${topic} ${qos} ${number}`);
    const packet = publish({ topic, qos, packetId: session.lastId, payload });
    session.outbound.set(packet.packetId, packet);
    if (this.#isUp) this.#send(packet);
  }

  accept(stream: ByteStream): void {
    const reader = new FrameReader(2 ** 20);
    reader.version = 5;
    this.#stream = stream;
    this.#isUp = false;
    stream.open({
      onData: chunk => {
        if (this.#stream !== stream) return;
        reader.push(chunk);
        while (this.#stream === stream && reader.next()) {
          const { bytes, header, start, bodyStart, end } = reader;
          const frame = bytes.slice(start, end);
          this.#onPacket(decodePacket(frame, header, bodyStart - start, frame.length, 5));
        }
        reader.detach();
      },
      onEnd: () => stream.end(),
      onDrain: () => {},
      onClose: () => {
        if (this.#stream !== stream) return;
        this.#stream = null;
        this.#isUp = false;
      },
    });
  }

  #send(packet: Packet): void {
    this.#stream?.write(encodePacket(packet, 5)!);
  }

  #onPacket(packet: Packet): void {
    if (packet.type === PacketType.connect) {
      this.#onConnect(packet.cleanStart);
      return;
    }
    const session = this.#session!;
    switch (packet.type) {
      case PacketType.publish:
        this.#onPublish(session, packet);
        break;
      case PacketType.pubrel:
        session.known.delete(packet.packetId);
        this.#send({ type: PacketType.pubcomp, packetId: packet.packetId, reasonCode: 0 });
        break;
      case PacketType.puback:
      case PacketType.pubcomp:
        session.outbound.delete(packet.packetId);
        break;
      case PacketType.pubrec:
        session.outbound.set(packet.packetId, 'released');
        this.#send({ type: PacketType.pubrel, packetId: packet.packetId, reasonCode: 0 });
        break;
      case PacketType.subscribe: {
        const reasonCodes = packet.subscriptions.map(({ qos }) => qos as number);
        this.#send({ type: PacketType.suback, packetId: packet.packetId, reasonCodes });
        break;
      }
      default:
    }
  }

  #onConnect(cleanStart: boolean): void {
    const sessionPresent = this.#session !== null && !cleanStart;
    if (!sessionPresent) {
      this.#session = { known: new Map(), fresh: new Set(), outbound: new Map(), lastId: 0 };
    }
    const properties = {
      receiveMaximum: this.#random.int(1, 6),
      topicAliasMaximum: this.#random.int(0, 2),
    };
    this.#aliases.clear();
    this.#send({ type: PacketType.connack, sessionPresent, reasonCode: 0, properties });
    this.#isUp = true;
    for (const [packetId, packet] of this.#session!.outbound) {
      if (packet === 'released') this.#send({ type: PacketType.pubrel, packetId, reasonCode: 0 });
      else this.#send({ ...packet, dup: true });
    }
  }

  readonly #aliases = new Map<number, string>();

  #onPublish(session: ModelSession, packet: PublishPacket): void {
    const { packetId, qos, dup, properties } = packet;
    const content = text.decode(packet.payload);
    const alias = properties?.topicAlias;
    if (alias !== undefined && packet.topic !== '') this.#aliases.set(alias, packet.topic);
    const topic = packet.topic === '' ? this.#aliases.get(alias!) : packet.topic;
    const message = `${topic} ${qos} ${content}`;
    if (qos > 0) {
      assert.ok(dup || !session.fresh.has(message), `${message} comes again without DUP`);
      session.fresh.add(message);
    }
    if (qos === 1) {
      assert.ok(!session.known.has(packetId), 'the identifier is in use');
      this.received.push(message);
      this.#send({ type: PacketType.puback, packetId, reasonCode: 0 });
    } else if (qos === 2) {
      if (!session.known.has(packetId)) {
        this.received.push(message);
        session.known.set(packetId, message);
      }
      assert.equal(session.known.get(packetId), message, 'the identifier is in use');
      this.#send({ type: PacketType.pubrec, packetId, reasonCode: 0 });
    } else this.received.push(message);
  }
}
