/** Reads along on one connection, in both directions. Never changes what it sees. */
import { decodePacket, FrameReader, type Packet, PacketType } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import { packetFields } from './packet-text.ts';
import type { TracedPacket, TracedSubject } from './tracer.ts';

type Show = (subject: TracedSubject, describe: () => TracedPacket) => void;
type Direction = TracedPacket['direction'];

const packetBytesMax = 268_435_460;

export class ConnectionTap {
  readonly #connection: Connection;
  readonly #show: Show;
  readonly #sent: FrameReader;
  /** Topics by alias, as far as they were set since the tap is here. */
  readonly #topics: Readonly<Record<Direction, Map<number, string>>>;

  constructor(connection: Connection, show: Show) {
    this.#connection = connection;
    this.#show = show;
    this.#sent = new FrameReader(packetBytesMax);
    this.#topics = { received: new Map(), sent: new Map() };
  }

  /** The reader stands on a packet that is about to be handled. */
  received({ bytes, header, bodyStart, end }: FrameReader): void {
    this.#packet('received', bytes, header, bodyStart, end);
  }

  /** What is being written: whole packets, perhaps over several calls. */
  sent(bytes: Uint8Array): void {
    const reader = this.#sent;
    reader.version = this.#connection.version;
    reader.push(bytes);
    while (reader.next()) {
      this.#packet('sent', reader.bytes, reader.header, reader.bodyStart, reader.end);
    }
    // What is not whole yet must outlive the memory it is in.
    reader.detach();
  }

  #packet(
    direction: Direction,
    bytes: Uint8Array,
    header: number,
    start: number,
    end: number,
  ): void {
    const { client, version } = this.#connection;
    const { remoteAddress: address } = client;
    let packet: Packet | null = null;
    try {
      const isConnect = header >> 4 === PacketType.connect;
      packet = decodePacket(bytes, header, start, end, isConnect ? 5 : version);
    } catch {
      // Shown as what it is: undecodable.
    }
    const who = packet?.type === PacketType.connect ? packet : client;
    const { clientId, username } = who;
    const topic = packet?.type === PacketType.publish ? this.#topic(direction, packet) : undefined;
    this.#show({ clientId, username, address, topic }, () => {
      const fields =
        packet === null
          ? { type: 'undecodable', header, bytes: end - start }
          : { ...packetFields(packet), ...(topic !== undefined && { topic }) };
      return { clientId, address, direction, packet: fields };
    });
  }

  #topic(direction: Direction, packet: Packet & { type: typeof PacketType.publish }): string {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return packet.topic;
    const topics = this.#topics[direction];
    if (packet.topic !== '') topics.set(alias, packet.topic);
    return topics.get(alias) ?? '';
  }
}
