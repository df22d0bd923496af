/** One way of one connection as packets: bytes in, decoded packets out, topic aliases resolved. */
import {
  decodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type ProtocolVersion,
} from '@godwit/protocol';

const packetBytesMax = 268_435_460;

export class PacketLane {
  /** Of the connection; known once its CONNECT has passed. */
  version: ProtocolVersion;
  readonly #reader: FrameReader;
  readonly #aliases: Map<number, string>;

  constructor(version: ProtocolVersion = 5) {
    this.version = version;
    this.#reader = new FrameReader(packetBytesMax);
    this.#aliases = new Map();
  }

  /**
   * Shows `visit` each packet that `chunk` completes, with its raw bytes; both stay as they are.
   * @throws ProtocolError when it is no MQTT
   */
  push(chunk: Uint8Array, visit: (packet: Packet, frame: Uint8Array) => void): void {
    const reader = this.#reader;
    reader.version = this.version;
    reader.push(new Uint8Array(chunk));
    while (reader.next()) {
      const frame = new Uint8Array(reader.bytes.subarray(reader.start, reader.end));
      const bodyStart = reader.bodyStart - reader.start;
      const packet = decodePacket(frame, frame[0], bodyStart, frame.length, this.version);
      if (packet.type === PacketType.publish) {
        const alias = packet.properties?.topicAlias;
        if (alias !== undefined && packet.topic !== '') this.#aliases.set(alias, packet.topic);
        else if (alias !== undefined) packet.topic = this.#aliases.get(alias) ?? '';
      }
      visit(packet, frame);
      reader.version = this.version;
    }
  }
}
