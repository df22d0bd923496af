/** A packet as people read it: no secrets, no more of a payload than it takes to recognise it. */
import { type Packet, PacketType } from '@godwit/protocol';

const payloadBytesMax = 256;

/** Never shown. */
const secrets = new Set(['password', 'authenticationData']);

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(PacketType).map(([name, type]) => [type, name.toUpperCase()]),
);

/** What can be written as JSON; `type` is the packet's name in capitals. */
export function packetFields(packet: Packet): Readonly<Record<string, unknown>> {
  const { type, ...fields } = packet;
  return { type: names.get(type), ...(readable(fields) as object) };
}

function readable(value: unknown, key = ''): unknown {
  if (secrets.has(key) && value !== undefined) return '(hidden)';
  if (value instanceof Uint8Array) return bytesText(value);
  if (Array.isArray(value)) return value.map(item => readable(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [name, readable(child, name)]),
  );
}

/** Text where it is text, hexadecimal digits else, and how much was left out. */
function bytesText(bytes: Uint8Array): string {
  const shown = bytes.subarray(0, payloadBytesMax);
  const rest = bytes.length - shown.length;
  const text = isText(shown)
    ? new TextDecoder().decode(shown)
    : `0x${Array.from(shown, byte => byte.toString(16).padStart(2, '0')).join('')}`;
  return rest === 0 ? text : `${text}… (${rest} bytes more)`;
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return !bytes.includes(0);
  } catch {
    return false;
  }
}
