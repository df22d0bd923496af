/**
 * Many PUBLISH packets of one publisher, encoded once, side by side. To send some, their packet
 * ids, numbers and times are patched where they stand, and a range of the block is written: a
 * message costs some twenty byte stores and no copy.
 */
import {
  encodePacket,
  PacketType,
  type ProtocolVersion,
  packetIdOffset,
  type QoS,
} from '@godwit/protocol';
import { headerBytes, patchHeader, writeHeader } from './payload-header.ts';

/** What the packets of a block have in common. */
export interface BlockOptions {
  /** The packets take these in turn. */
  readonly topics: readonly string[];
  readonly qos: QoS;
  readonly version: ProtocolVersion;
  readonly mark: number;
  readonly publisher: number;
  /** At least `headerBytes`. */
  readonly payloadBytes: number;
  /** Fills the payload behind the header, again and again. */
  readonly text: string;
  /** Packets that can be sent at once; fewer when they would be longer than `bytesMax`. */
  readonly burst: number;
  readonly bytesMax: number;
}

/** The packets, and where in them the variable fields stand. */
export class PublishBlock {
  readonly bytes: Uint8Array;
  /** Packets that can be sent at once, from any topic on. */
  readonly burst: number;
  readonly topics: number;
  /** Offset of each packet, and of the end. */
  readonly #starts: Int32Array;
  readonly #payloads: Int32Array;
  /** Of QoS 1 and 2; else empty. */
  readonly #packetIds: Int32Array;

  /** @throws RangeError for topics or payloads that no packet can hold */
  constructor(options: BlockOptions) {
    const packets = options.topics.map(topic => encodeTemplate(topic, options));
    const longest = Math.max(...packets.map(packet => packet.length));
    const { length: topics } = packets;
    const burst = Math.max(1, Math.min(options.burst, Math.floor(options.bytesMax / longest)));
    const count = burst + topics - 1;
    this.burst = burst;
    this.topics = topics;
    this.#starts = new Int32Array(count + 1);
    this.#payloads = new Int32Array(count);
    this.#packetIds = new Int32Array(options.qos === 0 ? 0 : count);
    let end = 0;
    for (let i = 0; i < count; i += 1) {
      this.#starts[i] = end;
      end += packets[i % topics].length;
    }
    this.#starts[count] = end;
    this.bytes = new Uint8Array(end);
    for (let i = 0; i < count; i += 1) {
      const start = this.#starts[i];
      this.bytes.set(packets[i % topics], start);
      this.#payloads[i] = this.#starts[i + 1] - options.payloadBytes;
      if (options.qos !== 0) this.#packetIds[i] = packetIdOffset(this.bytes, start);
    }
  }

  /** Makes packet `index` the message of this number and time. */
  patch(index: number, sequence: number, timeHigh: number, timeLow: number): void {
    patchHeader(this.bytes, this.#payloads[index], sequence, timeHigh, timeLow);
  }

  patchPacketId(index: number, packetId: number): void {
    const at = this.#packetIds[index];
    this.bytes[at] = packetId >> 8;
    this.bytes[at + 1] = packetId;
  }

  /** The packets `first` to `first + count - 1` as they are on the wire. */
  range(first: number, count: number): Uint8Array {
    return this.bytes.subarray(this.#starts[first], this.#starts[first + count]);
  }
}

function encodeTemplate(topic: string, options: BlockOptions): Uint8Array {
  const { qos, version, mark, publisher, payloadBytes, text } = options;
  const payload = Buffer.alloc(payloadBytes);
  if (text !== '') payload.fill(text, headerBytes);
  writeHeader(payload, 0, mark, publisher);
  const packet = encodePacket(
    {
      type: PacketType.publish,
      topic,
      payload,
      qos,
      packetId: qos === 0 ? 0 : 1,
      retain: false,
      dup: false,
    },
    version,
  );
  if (packet === null) throw new RangeError(`no packet holds ${payloadBytes} bytes of payload`);
  return packet;
}
