/**
 * Splits a byte stream into control packets: any chunking in, whole packets out, without copying
 * but for a packet that is spread over chunks. Never looks behind the fixed header.
 */
import type { ProtocolVersion } from './packet-type.ts';
import { ProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

/** Fixed-header flags that each packet type must carry; PUBLISH (-1) uses them for its own. */
const requiredFlags = new Int8Array([-2, 0, 0, -1, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0]);

const initialCarryBytes = 256;

/**
 * A cursor over the packets of a stream. After {@link next} answered true, the fields describe one
 * packet: `bytes[start]` is its first byte, the body is `bytes[bodyStart..end)`.
 *
 * ```ts
 * reader.push(chunk);
 * while (reader.next()) decodePacket(reader.bytes, reader.header, reader.bodyStart, reader.end, 5);
 * ```
 * The chunk is only looked at until `next` answers false or {@link detach} is called.
 */
export class FrameReader {
  /** Holds the current packet: the chunk itself, or the carry buffer. */
  bytes: Uint8Array;
  /** First byte of the current packet: type and flags. */
  header: number;
  start: number;
  bodyStart: number;
  end: number;
  /** Largest packet accepted, in bytes, counting the fixed header. */
  maximumPacketSize: number;
  /** Once known; 3.1 alone lets PUBREL, SUBSCRIBE and UNSUBSCRIBE carry DUP. */
  version: ProtocolVersion;
  #chunk: Uint8Array;
  /** The chunk is a copy already. */
  #isDetached: boolean;
  #position: number;
  #carry: Uint8Array;
  #carried: number;

  constructor(maximumPacketSize: number) {
    this.bytes = empty;
    this.header = 0;
    this.start = 0;
    this.bodyStart = 0;
    this.end = 0;
    this.maximumPacketSize = maximumPacketSize;
    this.version = 4;
    this.#chunk = empty;
    this.#isDetached = false;
    this.#position = 0;
    this.#carry = empty;
    this.#carried = 0;
  }

  /** Bytes held back because their packet is not complete. */
  get carriedBytes(): number {
    return this.#carried;
  }

  /** Hands in the next bytes of the stream. The chunk before must be used up or detached. */
  push(chunk: Uint8Array): void {
    if (this.#position < this.#chunk.length) this.#appendRest(chunk);
    else {
      this.#chunk = chunk;
      this.#isDetached = false;
      this.#position = 0;
    }
  }

  /**
   * Moves to the next packet.
   * @returns false when no whole packet is there; the incomplete rest has been copied
   * @throws ProtocolError 0x81 for a bad fixed header, 0x95 for a packet over the maximum, both
   *   before the body has arrived
   */
  next(): boolean {
    if (this.#carried > 0) return this.#nextCarried();
    const chunk = this.#chunk;
    const start = this.#position;
    const length = chunk.length;
    if (length - start >= 2) {
      const bodyStart = fixedHeaderEnd(chunk, start, length, this);
      if (bodyStart > 0) {
        const end = bodyStart + remainingLength;
        if (end <= length) {
          this.bytes = chunk;
          this.header = chunk[start];
          this.start = start;
          this.bodyStart = bodyStart;
          this.end = end;
          this.#position = end;
          return true;
        }
      }
    }
    if (start < length) this.#keep(chunk, start, length);
    this.#chunk = empty;
    this.#position = 0;
    return false;
  }

  /** Copies what is left of the chunk, so that its owner may reuse it before `next` said false. */
  detach(): void {
    if (this.#position < this.#chunk.length) {
      // Whoever reads little at a time would else copy the rest each time.
      if (this.#isDetached) return;
      this.#isDetached = true;
      // Not slice: a Buffer's does not copy.
      this.#chunk = new Uint8Array(this.#chunk.subarray(this.#position));
      this.#position = 0;
    } else {
      this.#chunk = empty;
      this.#position = 0;
    }
  }

  #appendRest(chunk: Uint8Array): void {
    const rest = this.#chunk.length - this.#position;
    const joined = new Uint8Array(rest + chunk.length);
    joined.set(this.#chunk.subarray(this.#position));
    joined.set(chunk, rest);
    this.#chunk = joined;
    this.#isDetached = true;
    this.#position = 0;
  }

  /** The packet began in an earlier chunk: complete it in the carry buffer, byte for byte. */
  #nextCarried(): boolean {
    const chunk = this.#chunk;
    let bodyStart = 0;
    while (bodyStart === 0) {
      if (this.#carried >= 2) {
        bodyStart = fixedHeaderEnd(this.#carry, 0, this.#carried, this);
        if (bodyStart > 0) break;
      }
      if (this.#position >= chunk.length) return this.#exhausted();
      this.#keep(chunk, this.#position, this.#position + 1);
      this.#position += 1;
    }
    const end = bodyStart + remainingLength;
    const missing = end - this.#carried;
    const take = Math.min(missing, chunk.length - this.#position);
    if (take > 0) {
      this.#keep(chunk, this.#position, this.#position + take, end);
      this.#position += take;
    }
    if (take < missing) return this.#exhausted();
    this.bytes = this.#carry;
    this.header = this.#carry[0];
    this.start = 0;
    this.bodyStart = bodyStart;
    this.end = end;
    this.#carried = 0;
    this.#carry = empty;
    return true;
  }

  #exhausted(): false {
    this.#chunk = empty;
    this.#position = 0;
    return false;
  }

  /**
   * Copies `from[start..end)` behind what is carried. Room grows by doubling towards `wanted`, so
   * that a peer which announces much and sends little costs little.
   */
  #keep(from: Uint8Array, start: number, end: number, wanted: number = 0): void {
    const needed = this.#carried + end - start;
    if (needed > this.#carry.length) {
      const doubled = Math.max(initialCarryBytes, this.#carry.length * 2);
      const size = Math.max(needed, wanted > 0 ? Math.min(wanted, doubled) : doubled);
      const grown = new Uint8Array(size);
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
    }
    this.#carry.set(from.subarray(start, end), this.#carried);
    this.#carried = needed;
  }
}

const empty = new Uint8Array(0);

/** Remaining Length of the header that {@link fixedHeaderEnd} read last; saves it a result object. */
let remainingLength = 0;

/**
 * Reads a fixed header at `start`.
 * @returns the offset after it, or 0 when it is not complete before `limit`
 */
function fixedHeaderEnd(
  bytes: Uint8Array,
  start: number,
  limit: number,
  { maximumPacketSize, version }: FrameReader,
): number {
  const header = bytes[start];
  const flags = requiredFlags[header >> 4];
  // [MQTT-2.1.3-1] reserved flags; type 0 is reserved
  if (flags !== -1 && flags !== (header & 0x0f) && !(version === 3 && isRepeat(header))) {
    throw new ProtocolError(
      ReasonCode.malformedPacket,
      'fixed header has a reserved type or flags',
    );
  }
  let byte = bytes[start + 1];
  let position = start + 2;
  let length = byte & 0x7f;
  if (byte >= 0x80) {
    let shift = 7;
    do {
      if (position >= limit) {
        if (shift > 21) throw badRemainingLength();
        return 0;
      }
      if (shift > 21) throw badRemainingLength();
      byte = bytes[position];
      position += 1;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    // [MQTT-1.5.5-1] the shortest encoding: the last byte is never 0
    if (byte === 0) throw badRemainingLength();
  }
  if (position - start + length > maximumPacketSize) {
    throw new ProtocolError(
      ReasonCode.packetTooLarge,
      `packet is larger than ${maximumPacketSize} bytes`,
    );
  }
  remainingLength = length;
  return position;
}

/** PUBREL, SUBSCRIBE or UNSUBSCRIBE with the DUP flag that MQTT 3.1 gave them. */
function isRepeat(header: number): boolean {
  return header === 0x6a || header === 0x8a || header === 0xaa;
}

function badRemainingLength(): ProtocolError {
  return new ProtocolError(
    ReasonCode.malformedPacket,
    'Remaining Length is not the shortest form of at most four bytes',
  );
}
