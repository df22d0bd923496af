/** What went over the connections of one case, for the report of its failure. */
import { type Packet, PacketType, type PublishPacket } from '@godwit/protocol';
import { describePacket, hexDump } from '@godwit/testkit';
import type { TappedPacket } from '../wire/packet-tap.ts';

const entriesMax = 60;

export class Transcript {
  /** Put into words only when they are asked for, as they are for cases that fail. */
  readonly #entries: (() => string)[] = [];
  #omitted = 0;

  sent(client: string, tapped: TappedPacket): void {
    this.#add(() => `${client} -> ${described(tapped)}`);
  }

  received(client: string, tapped: TappedPacket): void {
    this.#add(() => `${client} <- ${described(tapped)}`);
  }

  /** Anything else worth knowing. */
  note(client: string, text: string): void {
    this.#add(() => `${client} -- ${text}`);
  }

  /** All of it, in order; of a long one the end. */
  toString(): string {
    const omitted = this.#omitted === 0 ? [] : [`(${this.#omitted} earlier entries left out)`];
    return [...omitted, ...this.#entries.map(entry => entry())].join('\n');
  }

  #add(entry: () => string): void {
    this.#entries.push(entry);
    if (this.#entries.length <= entriesMax) return;
    this.#entries.shift();
    this.#omitted += 1;
  }
}

function described({ bytes, packet }: TappedPacket): string {
  const decoded = packet === null ? 'bytes that do not decode' : describePacket(shortened(packet));
  const dump = hexDump(bytes, 128).replace(/^/gm, '    ');
  return `${decoded}\n${dump}`;
}

/** The payload is in the bytes below, and needs no list of numbers. */
function shortened(
  packet: Packet,
): Packet | (Omit<PublishPacket, 'payload'> & { payload: string }) {
  if (packet.type !== PacketType.publish) return packet;
  return { ...packet, payload: `${packet.payload.length} bytes` };
}
