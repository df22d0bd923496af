/** One connection of a client in the crash test: packets in and out of a socket, and its end. */
import { connect, type Socket } from 'node:net';
import {
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  type ProtocolVersion,
} from '@godwit/protocol';

const packetBytesMax = 16 * 1024 * 1024;

export class Wire {
  readonly #socket: Socket;
  readonly #version: ProtocolVersion;

  /** @param onPacket is not called any more once the wire is closed; payloads are views */
  constructor(
    port: number,
    version: ProtocolVersion,
    onPacket: (packet: Packet) => void,
    onClosed: () => void,
  ) {
    const reader = new FrameReader(packetBytesMax);
    reader.version = version;
    this.#version = version;
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('error', () => {}); // its close says enough
    this.#socket.once('close', onClosed);
    this.#socket.on('data', chunk => {
      reader.push(chunk);
      while (!this.#socket.destroyed && reader.next()) {
        const { bytes, header, bodyStart, end } = reader;
        onPacket(decodePacket(bytes, header, bodyStart, end, version));
      }
    });
  }

  send(packet: Packet): void {
    this.#socket.write(encodePacket(packet, this.#version)!);
  }

  /** Closes without a word; nothing that has arrived and not been looked at is. */
  cut(): void {
    this.#socket.destroy();
  }
}
