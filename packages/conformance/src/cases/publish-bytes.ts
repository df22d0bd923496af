/** PUBLISH byte by byte, for cases in which it is wrong. */
import type { ProtocolVersion } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

/** The parts of a PUBLISH; what is left out is right. */
export interface PublishParts {
  /** The lower half of the first byte; by default QoS 0 alone. */
  readonly flags?: number;
  /** As text, or as the bytes that stand for it. */
  readonly topic: string | Uint8Array;
  /** 5.0: the properties without their length. */
  readonly properties?: Uint8Array;
}

export function publishBytes(version: ProtocolVersion, parts: PublishParts): Uint8Array {
  const { flags = 0, topic, properties = bytes`` } = parts;
  const packetId = (flags & 0x06) === 0 ? [] : [0, 1];
  const block = propertyBlock(version, properties);
  return packetBytes(0x30 | flags, prefixed(topic), packetId, block, 'payload');
}

/** No UTF-8 in any version. What else is none, the cases about strings know. */
export const illFormed: readonly Uint8Array[] = [bytes`61 ff`, bytes`61 e2 82`];
