/**
 * What the accept log holds of one message: for whom it is, and the PUBLISH that it came as, in the
 * layout of 5.0 whatever the publisher's version. Little-endian.
 *
 *     entry    flags u8, offset of PUBLISH u32, [expiresAtMs u48], [publisher's session u32],
 *              count u32, targets, PUBLISH
 *     target   session u32, number u48, flags u8, [length u16, identifiers], [length u16, share]
 */
import {
  copyBytes,
  decodePacket,
  type PublishPacket,
  PublishView,
  publishFrameSize,
  utf8Length,
  writePublishHead,
  writeUtf8,
} from '@godwit/protocol';
import { publishHeader } from '../connection/publish-writer.ts';
import { Message } from '../routing/message.ts';
import {
  readUint16,
  readUint32,
  readUint48,
  writeUint16,
  writeUint32,
  writeUint48,
} from './numbers.ts';

const EntryFlag = { expires: 1, retained: 2, inbound: 4 } as const;
const TargetFlag = { qos: 3, retain: 4, identifiers: 8, share: 16 } as const;

const entryHeadBytesMax = 1 + 4 + 6 + 4 + 4;
const targetBytes = 4 + 6 + 1;
const scratchBytes = 65_536;
/** Scratch memory that was needed once for a large message is not kept. */
const scratchBytesKept = 1024 * 1024;
/** Stands in the PUBLISH where nobody will look for a packet identifier. */
const anyPacketId = 1;

/** One session's share of a message, as it is written. */
export interface TargetInit {
  /** Number of the session. */
  readonly session: number;
  /** Number of the delivery in its session. */
  readonly number: number;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** Encoded Subscription Identifier properties, or null. */
  readonly identifiers: Uint8Array | null;
  /** The shared filter it came by, or null. */
  readonly share: string | null;
}

/** Writes entries, each over the one before. */
export class EntryWriter {
  /** The last entry, from 0. */
  bytes: Uint8Array;

  constructor() {
    this.bytes = new Uint8Array(scratchBytes);
  }

  /**
   * @param targets of which the first `count` count
   * @param retained whether the message is to become its topic's retained one
   * @param inbound number of the durable session that published with QoS 2; 0 for none
   * @param packetId the publisher's; 0 for none
   * @returns the entry's length
   */
  write(
    message: Message,
    targets: readonly TargetInit[],
    count: number,
    retained: boolean,
    inbound: number,
    packetId: number,
  ): number {
    const id = message.qos === 0 ? 0 : packetId || anyPacketId;
    const frameBytes = publishFrameSize(message, true, id !== 0, 0);
    this.#reserve(entryHeadBytesMax + frameBytes + targetsBytes(targets, count));
    const into = this.bytes;
    const expires = message.expiresAtMs !== 0;
    into[0] =
      (expires ? EntryFlag.expires : 0) |
      (retained ? EntryFlag.retained : 0) |
      (inbound !== 0 ? EntryFlag.inbound : 0);
    let at = 1 + 4;
    if (expires) at = writeUint48(into, at, message.expiresAtMs);
    if (inbound !== 0) at = writeUint32(into, at, inbound);
    at = writeUint32(into, at, count);
    for (let i = 0; i < count; i += 1) at = writeTarget(into, at, targets[i]);
    writeUint32(into, 1, at);
    const header = publishHeader(message.qos, message.retain, false);
    at = writePublishHead(into, at, message, header, id, true, null);
    copyBytes(message.bytes, message.payloadStart, message.payloadEnd, into, at);
    return at + message.payloadSize;
  }

  #reserve(size: number): void {
    if (size > this.bytes.length) this.bytes = new Uint8Array(size);
    else if (this.bytes.length > scratchBytesKept && size <= scratchBytes) {
      this.bytes = new Uint8Array(scratchBytes);
    }
  }
}

function targetsBytes(targets: readonly TargetInit[], count: number): number {
  let bytes = 0;
  for (let i = 0; i < count; i += 1) {
    const { identifiers, share } = targets[i];
    bytes += targetBytes;
    if (identifiers !== null) bytes += 2 + identifiers.length;
    if (share !== null) bytes += 2 + utf8Length(share);
  }
  return bytes;
}

function writeTarget(into: Uint8Array, start: number, target: TargetInit): number {
  const { identifiers, share } = target;
  let at = writeUint32(into, start, target.session);
  at = writeUint48(into, at, target.number);
  into[at] =
    target.qos |
    (target.retain ? TargetFlag.retain : 0) |
    (identifiers !== null ? TargetFlag.identifiers : 0) |
    (share !== null ? TargetFlag.share : 0);
  at += 1;
  if (identifiers !== null) {
    at = writeUint16(into, at, identifiers.length);
    into.set(identifiers, at);
    at += identifiers.length;
  }
  if (share !== null) {
    const length = utf8Length(share);
    at = writeUint16(into, at, length);
    writeUtf8(into, at, share);
    at += length;
  }
  return at;
}

/** The message of an entry with all its fields decoded; its payload is a view of `bytes`. */
export function publishOf(bytes: Uint8Array): PublishPacket {
  const start = readUint32(bytes, 1);
  const packet = decodePacket(bytes, bytes[start], bodyOf(bytes, start), bytes.length, 5);
  return packet as PublishPacket;
}

/** Where the frame at `start` goes on after its fixed header. */
function bodyOf(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (bytes[at] >= 0x80) at += 1;
  return at + 1;
}

/** Reads entries: one view serves all that are read one after the other. */
export class EntryView {
  /** The message; to be used before the next entry is read. */
  readonly message: Message;
  /** It is to become its topic's retained message. */
  retained: boolean;
  /** Number of the durable session that published it with QoS 2; 0 for none. */
  inbound: number;
  /** The publisher's packet identifier, where `inbound` is not 0; read with the message. */
  packetId: number;
  targetCount: number;
  /** Of the target that {@link nextTarget} or {@link targetAt} came to. */
  session: number;
  number: number;
  qos: 1 | 2;
  retain: boolean;
  identifiers: Uint8Array | null;
  /** Where it begins in the entry. */
  offset: number;
  readonly #publish: PublishView;
  #bytes: Uint8Array;
  #at: number;
  #left: number;
  #hasMessage: boolean;
  #shareStart: number;
  #shareEnd: number;

  constructor() {
    this.message = new Message(false);
    this.retained = false;
    this.inbound = 0;
    this.packetId = 0;
    this.targetCount = 0;
    this.session = 0;
    this.number = 0;
    this.qos = 1;
    this.retain = false;
    this.identifiers = null;
    this.offset = 0;
    this.#publish = new PublishView();
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
    this.#left = 0;
    this.#hasMessage = false;
    this.#shareStart = 0;
    this.#shareEnd = 0;
  }

  /** The shared filter that the target came by, `$share/` and all; null for none. */
  get share(): string | null {
    if (this.#shareStart === 0) return null;
    return Buffer.from(this.#bytes.subarray(this.#shareStart, this.#shareEnd)).toString();
  }

  /** The target came by a shared subscription. */
  get isShared(): boolean {
    return this.#shareStart !== 0;
  }

  /** Reads an entry's head; targets and then the message are read on demand. */
  read(bytes: Uint8Array): void {
    const flags = bytes[0];
    let at = 1 + 4;
    let expiresAtMs = 0;
    if ((flags & EntryFlag.expires) !== 0) {
      expiresAtMs = readUint48(bytes, at);
      at += 6;
    }
    this.inbound = 0;
    if ((flags & EntryFlag.inbound) !== 0) {
      this.inbound = readUint32(bytes, at);
      at += 4;
    }
    this.retained = (flags & EntryFlag.retained) !== 0;
    this.message.expiresAtMs = expiresAtMs;
    this.targetCount = readUint32(bytes, at);
    this.#left = this.targetCount;
    this.#at = at + 4;
    this.#bytes = bytes;
    this.#hasMessage = false;
  }

  /** Goes on to the next target. @returns false when there is none any more */
  nextTarget(): boolean {
    if (this.#left === 0) return false;
    this.#left -= 1;
    this.#at = this.targetAt(this.#at);
    return true;
  }

  /** Reads the target at `offset`. @returns where the next one begins */
  targetAt(offset: number): number {
    const bytes = this.#bytes;
    this.offset = offset;
    this.session = readUint32(bytes, offset);
    this.number = readUint48(bytes, offset + 4);
    const flags = bytes[offset + 10];
    this.qos = (flags & TargetFlag.qos) as 1 | 2;
    this.retain = (flags & TargetFlag.retain) !== 0;
    this.identifiers = null;
    this.#shareStart = 0;
    let at = offset + targetBytes;
    if ((flags & TargetFlag.identifiers) !== 0) {
      const end = at + 2 + readUint16(bytes, at);
      this.identifiers = bytes.subarray(at + 2, end);
      at = end;
    }
    if ((flags & TargetFlag.share) !== 0) {
      const end = at + 2 + readUint16(bytes, at);
      this.#shareStart = at + 2;
      this.#shareEnd = end;
      at = end;
    }
    return at;
  }

  /** Bytes of the PUBLISH: what the message counts for where it waits. */
  get size(): number {
    return this.#bytes.length - readUint32(this.#bytes, 1);
  }

  /** Reads the message; does nothing when that was done for this entry. */
  readMessage(): void {
    if (this.#hasMessage) return;
    this.#hasMessage = true;
    const bytes = this.#bytes;
    const view = this.#publish;
    const start = readUint32(bytes, 1);
    view.read(bytes, bytes[start], bodyOf(bytes, start), bytes.length, 5);
    this.packetId = view.packetId;
    this.message.setStored(view);
  }
}
