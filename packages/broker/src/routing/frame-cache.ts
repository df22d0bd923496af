/**
 * The frames of one live message, each encoded at most once: a layout is the version (with or
 * without properties) and whether there is a packet identifier. The packet as it arrived is one of
 * them already. First byte and identifier are patched in the receiver's copy.
 */
import {
  copyBytes,
  type PublishParts,
  packetIdOffset,
  publishFrameSize,
  writePublishHead,
} from '@godwit/protocol';

const layouts = 4;
/** Stands in the frame where a receiver's packet identifier goes. */
const anyPacketId = 0xffff;

/** Index of a layout. */
export function layoutOf(withProperties: boolean, withPacketId: boolean): number {
  return (withProperties ? 2 : 0) | (withPacketId ? 1 : 0);
}

export class FrameCache {
  /** By layout; null when it was not needed yet. */
  readonly bytes: (Uint8Array | null)[];
  readonly start: number[];
  readonly end: number[];
  /** Offset of the packet identifier, for the layouts that have one. */
  readonly packetIdAt: number[];

  constructor() {
    this.bytes = new Array<Uint8Array | null>(layouts).fill(null);
    this.start = new Array<number>(layouts).fill(0);
    this.end = new Array<number>(layouts).fill(0);
    this.packetIdAt = new Array<number>(layouts).fill(0);
  }

  reset(): void {
    const bytes = this.bytes;
    bytes[0] = null;
    bytes[1] = null;
    bytes[2] = null;
    bytes[3] = null;
  }

  /** Enters the packet as it arrived, which must have no topic alias. */
  adopt(
    bytes: Uint8Array,
    start: number,
    end: number,
    withProperties: boolean,
    withPacketId: boolean,
  ): void {
    const layout = layoutOf(withProperties, withPacketId);
    this.bytes[layout] = bytes;
    this.start[layout] = start;
    this.end[layout] = end;
    if (withPacketId) this.packetIdAt[layout] = packetIdOffset(bytes, start);
  }

  /** Makes sure that the frame of `layout` is there. */
  require(layout: number, parts: PublishParts): void {
    if (this.bytes[layout] !== null) return;
    const withProperties = (layout & 2) !== 0;
    const withPacketId = (layout & 1) !== 0;
    const size = publishFrameSize(parts, withProperties, withPacketId, 0);
    const frame = Buffer.allocUnsafe(size);
    const id = withPacketId ? anyPacketId : 0;
    const payloadAt = writePublishHead(frame, 0, parts, 0x30, id, withProperties, null);
    copyBytes(parts.bytes, parts.payloadStart, parts.payloadEnd, frame, payloadAt);
    this.bytes[layout] = frame;
    this.start[layout] = 0;
    this.end[layout] = size;
    if (withPacketId) this.packetIdAt[layout] = packetIdOffset(frame, 0);
  }
}
