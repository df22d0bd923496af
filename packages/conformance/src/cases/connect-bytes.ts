/** CONNECT byte by byte, for cases in which it is wrong. */
import type { ProtocolVersion } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';

/** The parts of a CONNECT; what is left out is right. */
export interface ConnectParts {
  readonly name?: string;
  readonly level?: number;
  /** Connect Flags; Clean Start alone by default. */
  readonly flags?: number;
  /** From the client identifier on. */
  readonly payload: Uint8Array;
}

/** At most 127 bytes after the fixed header. */
export function connectBytes(version: ProtocolVersion, parts: ConnectParts): Uint8Array {
  const { name = version === 3 ? 'MQIsdp' : 'MQTT', level = version, flags = 0x02 } = parts;
  const properties = version === 5 ? [0] : [];
  const body = bytes`
    00 ${name.length} ${name}
    ${level} ${flags}
    00 3c          # keep-alive
    ${properties}
    ${parts.payload}
  `;
  return bytes`10 ${body.length} ${body}`;
}

/** A string as the payload holds it: its length in two bytes, its UTF-8. */
export function field(text: string): Uint8Array {
  return bytes`00 ${text.length} ${text}`;
}
