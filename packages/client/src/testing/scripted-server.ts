/**
 * The other end of a memory stream, for the tests of the client: answers as a server would, unless
 * the test answers in its place.
 */
import type { TestContext } from 'node:test';
import {
  type ConnackProperties,
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
} from '@godwit/protocol';
import { type PacketOf, SeededRandom, VirtualClock } from '@godwit/testkit';
import { type ByteStream, memoryPair } from '@godwit/transport';
import type { Client } from '../client.ts';
import { createClient } from '../connect.ts';
import type { ClientOptions, Transport } from '../options.ts';

/** What to send for a packet; undefined leaves it to the server. */
export type Script = (packet: Packet) => readonly Packet[] | undefined;

export class ScriptedServer {
  /** All packets that came. */
  readonly received: Packet[] = [];
  /** The bytes of each of them. */
  readonly frames: Uint8Array[] = [];
  /** How many chunks they came in. */
  chunks = 0;
  /** Whether the client has ended the stream, or it broke. */
  isClosed = false;
  script: Script;
  readonly #stream: ByteStream;
  readonly #version: ProtocolVersion;
  readonly #reader: FrameReader = new FrameReader(2 ** 28);

  constructor(stream: ByteStream, version: ProtocolVersion, script: Script) {
    this.#stream = stream;
    this.#version = version;
    this.script = script;
    stream.open({
      onData: chunk => this.#onData(chunk),
      onEnd: () => {
        this.isClosed = true;
        stream.end();
      },
      onDrain: () => {},
      onClose: () => {
        this.isClosed = true;
      },
    });
  }

  /** The packets of one type that came, in order. */
  got<T extends PacketType>(type: T): PacketOf<T>[] {
    return this.received.filter((packet): packet is PacketOf<T> => packet.type === type);
  }

  /** The bytes of the packets of one type that came. */
  framesOf(type: PacketType): Uint8Array[] {
    return this.frames.filter(bytes => bytes[0] >> 4 === type);
  }

  /** Sends packets in one chunk. */
  send(...packets: readonly Packet[]): void {
    const encoded = packets.map(packet => encodePacket(packet, this.#version)!);
    const chunk = new Uint8Array(encoded.reduce((sum, bytes) => sum + bytes.length, 0));
    let at = 0;
    for (const bytes of encoded) {
      chunk.set(bytes, at);
      at += bytes.length;
    }
    this.sendBytes(chunk);
  }

  sendBytes(bytes: Uint8Array): void {
    // the memory is spoilt once it was taken, as a shared read buffer would be
    this.#stream.write(bytes, () => bytes.fill(0xee));
  }

  end(): void {
    this.#stream.end();
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#stream.destroy();
  }

  #onData(chunk: Uint8Array): void {
    this.chunks += 1;
    this.#reader.push(chunk);
    while (this.#reader.next()) {
      const { bytes, header, start, bodyStart, end } = this.#reader;
      const frame = bytes.slice(start, end);
      this.frames.push(frame);
      const packet = decodePacket(frame, header, bodyStart - start, frame.length, this.#version);
      this.received.push(packet);
      const answer = this.script(packet) ?? obliging(packet);
      if (answer.length > 0) this.send(...answer);
    }
  }
}

/** Accepts the connection with these properties, and leaves all else unanswered. */
export function accepting(properties: ConnackProperties = {}): Script {
  return packet =>
    packet.type === PacketType.connect
      ? [{ type: PacketType.connack, sessionPresent: false, reasonCode: 0, properties }]
      : [];
}

/** The answer of a server that accepts everything. */
function obliging(packet: Packet): readonly Packet[] {
  switch (packet.type) {
    case PacketType.connect:
      return [{ type: PacketType.connack, sessionPresent: false, reasonCode: 0 }];
    case PacketType.publish:
      if (packet.qos === 0) return [];
      return [
        {
          type: packet.qos === 1 ? PacketType.puback : PacketType.pubrec,
          packetId: packet.packetId,
          reasonCode: 0,
        },
      ];
    case PacketType.pubrec:
      return [{ type: PacketType.pubrel, packetId: packet.packetId, reasonCode: 0 }];
    case PacketType.pubrel:
      return [{ type: PacketType.pubcomp, packetId: packet.packetId, reasonCode: 0 }];
    case PacketType.subscribe: {
      const reasonCodes = packet.subscriptions.map(({ qos }) => qos as number);
      return [{ type: PacketType.suback, packetId: packet.packetId, reasonCodes }];
    }
    case PacketType.unsubscribe: {
      const reasonCodes = packet.filters.map(() => 0);
      return [{ type: PacketType.unsuback, packetId: packet.packetId, reasonCodes }];
    }
    case PacketType.pingreq:
      return [{ type: PacketType.pingresp }];
    default:
      return [];
  }
}

export interface Meeting {
  readonly client: Client;
  readonly server: ScriptedServer;
  readonly clock: VirtualClock;
}

export interface Stage {
  readonly server: ScriptedServer;
  readonly clock: VirtualClock;
  /** What a client needs to come to this server, once. */
  readonly options: ClientOptions & { transport: Transport };
}

/** A server that waits for its one client, on virtual time. */
export function stage(version: ProtocolVersion = 5, script: Script = () => undefined): Stage {
  const clock = new VirtualClock();
  const [near, far] = memoryPair(clock.defer);
  return {
    server: new ScriptedServer(far, version, script),
    clock,
    options: { transport: async () => near, clock, random: new SeededRandom(1), reconnect: false },
  };
}

/** A client and a server that have exchanged CONNECT and its answer; both end with the test. */
export async function meet(
  t: TestContext,
  options: ClientOptions = {},
  script?: Script,
): Promise<Meeting> {
  const { server, clock, options: needed } = stage(options.protocolVersion, script);
  const client = createClient('memory://server', { ...options, ...needed });
  t.after(async () => {
    const closed = client.close();
    server.destroy();
    await clock.settle();
    await closed;
  });
  await clock.settle();
  return { client, server, clock };
}

/** What becomes of a promise, to be looked at later. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch(error => error);
}

/** A PUBLISH from the server. */
export function publish(fields: Partial<PublishPacket> = {}): PublishPacket {
  return {
    type: PacketType.publish,
    topic: 'a/b',
    payload: new TextEncoder().encode('hello'),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    ...fields,
  };
}
