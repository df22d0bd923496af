/** A client of the durable benchmark: fills and drains the queue of a session, as fast as can be. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  writeAcknowledgement,
} from '@godwit/protocol';

const version = 4;
const packetBytesMax = 1024 * 1024;
const window = 1000;

export class RawClient {
  readonly #socket: Socket;
  /** Called with the type of each packet that comes. */
  #onPacket: (type: number) => void = () => {};
  #acknowledgements: Uint8Array = new Uint8Array(1 << 16);
  #acknowledgementsEnd = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader(packetBytesMax);
    socket.on('error', () => {});
    socket.on('data', chunk => {
      reader.push(chunk);
      while (reader.next()) {
        if (reader.header >> 4 === PacketType.publish) this.#acknowledge(reader);
        this.#onPacket(reader.header >> 4);
      }
      if (this.#acknowledgementsEnd === 0) return;
      socket.write(Buffer.from(this.#acknowledgements.subarray(0, this.#acknowledgementsEnd)));
      this.#acknowledgementsEnd = 0;
    });
  }

  /** Connects with 3.1.1 and a session that stays; takes no message of it before `onPacket`. */
  static async open(
    port: number,
    clientId: string,
    onPacket?: (type: number) => void,
  ): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    const client = new RawClient(socket);
    const accepted = client.#wait(PacketType.connack, onPacket);
    client.#send({
      ...{ type: PacketType.connect, protocolVersion: version, clientId },
      ...{ cleanStart: false, keepAlive: 0 },
    });
    await accepted;
    return client;
  }

  async subscribe(filter: string): Promise<void> {
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const granted = this.#wait(PacketType.suback);
    const subscriptions = [{ filter, qos: 1 as const, ...options }];
    this.#send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await granted;
  }

  /** Publishes so many messages with QoS 1; resolves when all are acknowledged. */
  publish(topic: string, payloadBytes: number, count: number): Promise<void> {
    const payload = Buffer.alloc(payloadBytes, 'x');
    const flags = { qos: 1, retain: false, dup: false } as const;
    let sent = 0;
    let acknowledged = 0;
    const done = Promise.withResolvers<void>();
    const fill = (): void => {
      this.#socket.cork();
      for (; sent < count && sent - acknowledged < window; sent += 1) {
        const packetId = (sent % 65_535) + 1;
        this.#send({ type: PacketType.publish, topic, payload, packetId, ...flags });
      }
      this.#socket.uncork();
    };
    this.#onPacket = type => {
      if (type !== PacketType.puback) return;
      acknowledged += 1;
      if (acknowledged === count) done.resolve();
      else if ((sent - acknowledged) * 2 < window) fill();
    };
    fill();
    return done.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(packet: Packet): void {
    this.#socket.write(encodePacket(packet, version)!);
  }

  #wait(wanted: number, then: (type: number) => void = () => {}): Promise<void> {
    return new Promise(resolve => {
      this.#onPacket = type => {
        if (type !== wanted) return;
        this.#onPacket = then;
        resolve();
      };
    });
  }

  #acknowledge({ bytes, bodyStart }: FrameReader): void {
    const topicLength = (bytes[bodyStart] << 8) | bytes[bodyStart + 1];
    const at = bodyStart + 2 + topicLength;
    const packetId = (bytes[at] << 8) | bytes[at + 1];
    const end = this.#acknowledgementsEnd;
    if (end + 4 > this.#acknowledgements.length) {
      const grown = new Uint8Array(2 * this.#acknowledgements.length);
      grown.set(this.#acknowledgements);
      this.#acknowledgements = grown;
    }
    this.#acknowledgementsEnd = writeAcknowledgement(
      this.#acknowledgements,
      end,
      PacketType.puback << 4,
      packetId,
    );
  }
}
