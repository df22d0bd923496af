/**
 * Sees the packets in one direction of a connection, right or wrong. What is no packet is seen as
 * the bytes that came, so that nothing that was sent goes unseen.
 */
import {
  decodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type ProtocolVersion,
} from '@godwit/protocol';

const packetBytesMax = 268_435_460;

/** A packet as it was sent. */
export interface TappedPacket {
  /** A copy. */
  readonly bytes: Uint8Array;
  /** Null where the bytes do not decode. */
  readonly packet: Packet | null;
}

/** What the taps of both directions of a connection share. */
export interface TappedConnection {
  /** From CONNECT, when it decodes; before that as the owner believes it to be. */
  version: ProtocolVersion;
}

export class PacketTap {
  readonly #connection: TappedConnection;
  readonly #onPacket: (tapped: TappedPacket) => void;
  /** The beginning of a packet whose rest has not come. */
  #pending: Uint8Array;
  /** Once the framing is lost there is no way back. */
  #isLost: boolean;

  constructor(connection: TappedConnection, onPacket: (tapped: TappedPacket) => void) {
    this.#connection = connection;
    this.#onPacket = onPacket;
    this.#pending = new Uint8Array(0);
    this.#isLost = false;
  }

  push(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const seen = this.#isLost ? 0 : this.#split(bytes);
    this.#pending = bytes.subarray(seen);
    if (this.#isLost) {
      this.#onPacket({ bytes: this.#pending, packet: null });
      this.#pending = new Uint8Array(0);
    }
  }

  /** Returns the offset after the last whole packet. */
  #split(bytes: Uint8Array): number {
    const reader = new FrameReader(packetBytesMax);
    let seen = 0;
    reader.version = this.#connection.version;
    reader.push(bytes);
    try {
      while (reader.next()) {
        seen = reader.end;
        this.#see(bytes.slice(reader.start, reader.end), reader.bodyStart - reader.start);
      }
    } catch {
      this.#isLost = true;
    }
    return seen;
  }

  #see(bytes: Uint8Array, bodyStart: number): void {
    let packet: Packet | null = null;
    try {
      packet = decodePacket(bytes, bytes[0], bodyStart, bytes.length, this.#connection.version);
    } catch {}
    if (packet?.type === PacketType.connect) this.#connection.version = packet.protocolVersion;
    this.#onPacket({ bytes, packet });
  }
}
