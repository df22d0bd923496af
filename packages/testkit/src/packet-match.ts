/** Compares packets with what a test expects of them, and shows them in failure messages. */
import { inspect, isDeepStrictEqual } from 'node:util';
import { decodePacket, type Packet, PacketType, type ProtocolVersion } from '@godwit/protocol';
import { hexDump } from './hex.ts';

/** The packet of one type. */
export type PacketOf<Type extends PacketType> = Packet extends infer Each
  ? Each extends Packet
    ? Type extends Each['type']
      ? Each & { type: Type }
      : never
    : never
  : never;

/** Fields that a packet must have, in its properties too; those that are left out may be any. */
export type PacketMatch<Type extends PacketType> = { readonly type: Type } & {
  readonly [Field in Exclude<keyof PacketOf<Type>, 'type' | 'properties'>]?: PacketOf<Type>[Field];
} & {
  readonly properties?: PacketOf<Type> extends { properties?: infer Fields }
    ? Partial<Fields>
    : never;
};

/** One packet as it arrived. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly bodyStart: number;
}

/** @throws ProtocolError when it does not decode */
export function decodeFrame({ bytes, bodyStart }: Frame, version: ProtocolVersion): Packet {
  return decodePacket(bytes, bytes[0], bodyStart, bytes.length, version);
}

/** Whether every field of `expected` is in `actual` with the same value. */
export function matches(actual: unknown, expected: unknown): boolean {
  if (ArrayBuffer.isView(expected)) {
    return ArrayBuffer.isView(actual) && Buffer.compare(viewed(actual), viewed(expected)) === 0;
  }
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) {
    return isDeepStrictEqual(actual, expected);
  }
  if (typeof actual !== 'object' || actual === null) return false;
  return Object.entries(expected).every(([field, value]) =>
    matches((actual as Record<string, unknown>)[field], value),
  );
}

function viewed(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** `SUBACK { packetId: 1, … }` and its bytes; how it fails to decode where it does. */
export function describeFrame(frame: Frame, version: ProtocolVersion): string {
  let decoded: string;
  try {
    decoded = describePacket(decodeFrame(frame, version));
  } catch (error) {
    decoded = `${typeName(frame.bytes[0] >> 4)} that does not decode: ${error}`;
  }
  return `${decoded}\n${hexDump(frame.bytes)}`;
}

/** `PUBLISH { topic: 'a', … }`, without undefined fields. */
export function describePacket(packet: object & { type: number }): string {
  const { type, ...fields } = packet;
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (present.length === 0) return typeName(type);
  const options = { breakLength: 100, depth: 6, maxArrayLength: 64, maxStringLength: 256 };
  return `${typeName(type)} ${inspect(Object.fromEntries(present), options)}`;
}

/** `PUBLISH`, by its number. */
export function typeName(type: number): string {
  const names = Object.keys(PacketType) as (keyof typeof PacketType)[];
  const name = names.find(key => PacketType[key] === type);
  return name === undefined ? `packet type ${type}` : name.toUpperCase();
}
