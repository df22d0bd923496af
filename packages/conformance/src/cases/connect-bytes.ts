/** CONNECT byte by byte, for cases in which it is wrong. */
import type { ProtocolVersion } from '@godwit/protocol';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

/** The parts of a CONNECT; what is left out is right. */
export interface ConnectParts {
  readonly name?: string;
  readonly level?: number;
  /** Connect Flags; Clean Start alone by default. */
  readonly flags?: number;
  /** Property Length and the properties; none by default. */
  readonly properties?: Uint8Array;
  /** From the client identifier on. */
  readonly payload: Uint8Array;
}

export function connectBytes(version: ProtocolVersion, parts: ConnectParts): Uint8Array {
  const { name = version === 3 ? 'MQIsdp' : 'MQTT', level = version, flags = 0x02 } = parts;
  const { properties = propertyBlock(version) } = parts;
  const keepAlive = [0, 60];
  return packetBytes(0x10, prefixed(name), [level, flags], keepAlive, properties, parts.payload);
}
