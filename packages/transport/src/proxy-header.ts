/**
 * The header that a proxy puts before a connection's bytes to say for whom it has connected: PROXY
 * protocol, version 1 (a line of text) and 2 (binary). Reads bytes; knows no socket.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import type { PeerCertificate } from './byte-stream.ts';
import type { Peer } from './peer.ts';
import { plainAddress } from './plain-address.ts';

/** A whole header. */
export interface ProxyHeader {
  /** What follows is the client's. */
  readonly length: number;
  /** Null where the proxy speaks for itself (a health check), or does not know the client. */
  readonly client: Peer | null;
}

/** Bytes of a header of version 2, its values included; those of version 1 have at most 107. */
export const proxyHeaderBytesMax = 4096;

const lineBytesMax = 107;
const lineStart = Buffer.from('PROXY ');
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
const fixedBytes = 16;

const commandLocal = 0;
const commandProxy = 1;
const familyUnspecified = 0x00;
const familyTcp4 = 0x11;
const familyTcp6 = 0x21;
const familyUnixStream = 0x31;
/** Two addresses and two ports, or two paths. */
const addressBytes: ReadonlyMap<number, number> = new Map([
  [familyUnspecified, 0],
  [familyTcp4, 12],
  [familyTcp6, 36],
  [familyUnixStream, 216],
]);

const valueSsl = 0x20;
const valueCommonName = 0x22;
/** The client has shown a certificate in this connection, or in the session it goes on with. */
const certificateShown = 0x02 | 0x04;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * @param bytes from the connection's beginning on
 * @returns undefined as long as the header is not whole
 * @throws Error as soon as it cannot become one
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (beginsAs(bytes, lineStart)) return readLine(bytes);
  if (beginsAs(bytes, signature)) return readBinary(bytes);
  throw malformed('does not begin as one');
}

/** Whether `bytes` are, as far as they go, those that are expected. */
function beginsAs(bytes: Buffer, expected: Buffer): boolean {
  const length = Math.min(bytes.length, expected.length);
  return bytes.compare(expected, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n`, or with TCP6, or `PROXY UNKNOWN …\r\n` */
function readLine(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, lineBytesMax).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= lineBytesMax) throw malformed('has a line without end');
    return undefined;
  }
  const length = end + 2;
  const [, family, ...fields] = bytes.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { length, client: null };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isPlainIPv6 : () => false;
  const [source, destination, sourcePort, destinationPort] = fields;
  const isWhole =
    fields.length === 4 &&
    [source, destination].every(isAddress) &&
    [sourcePort, destinationPort].every(isPort);
  if (!isWhole) throw malformed('has a line with other fields');
  return { length, client: clientAt(source, Number(sourcePort)) };
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff;
}

/** Signature, version and command, family, length of the rest; addresses; values. */
function readBinary(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < fixedBytes) return undefined;
  const [version, command] = [bytes[12] >> 4, bytes[12] & 0x0f];
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (version !== 2 || command > commandProxy) throw malformed('has another version or command');
  if (length > proxyHeaderBytesMax) throw malformed(`has more than ${proxyHeaderBytesMax} bytes`);
  const family = bytes[13];
  const valuesAt = fixedBytes + (addressBytes.get(family) ?? Number.POSITIVE_INFINITY);
  if (command === commandProxy && valuesAt > length) throw malformed('has no such address');
  if (bytes.length < length) return undefined;
  if (command === commandLocal) return { length, client: null };
  const certificate = certificateIn(valuesOf(bytes.subarray(valuesAt, length)));
  const at = fixedBytes;
  switch (family) {
    case familyTcp4: {
      const address = bytes.subarray(at, at + 4).join('.');
      return { length, client: clientAt(address, bytes.readUInt16BE(at + 8), certificate) };
    }
    case familyTcp6: {
      const groups = bytes.toString('hex', at, at + 16).match(/.{4}/g) ?? [];
      const port = bytes.readUInt16BE(at + 32);
      return { length, client: clientAt(groups.join(':'), port, certificate) };
    }
    default:
      // A path on the proxy's machine says nothing here.
      return { length, client: null };
  }
}

function clientAt(address: string, port: number, peerCertificate?: PeerCertificate): Peer {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const canonical = new SocketAddress({ address, family }).address;
  return { remoteAddress: plainAddress(canonical), remotePort: port, peerCertificate };
}

/** Type, length of the value, value; again and again. */
function valuesOf(bytes: Buffer): Map<number, Buffer> {
  const values = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const valueAt = at + 3;
    const end = valueAt + (valueAt > bytes.length ? 0 : bytes.readUInt16BE(at + 1));
    if (end > bytes.length) throw malformed('has a value that is cut off');
    values.set(bytes[at], bytes.subarray(valueAt, end));
    at = end;
  }
  return values;
}

/** The client's certificate, where the proxy has verified one: only its name is passed on. */
function certificateIn(values: ReadonlyMap<number, Buffer>): PeerCertificate | undefined {
  const ssl = values.get(valueSsl);
  if (ssl === undefined) return undefined;
  if (ssl.length < 5) throw malformed('has a value that is cut off');
  const name = valuesOf(ssl.subarray(5)).get(valueCommonName);
  const isVerified = (ssl[0] & certificateShown) !== 0 && ssl.readUInt32BE(1) === 0;
  if (!isVerified || name === undefined) return undefined;
  return { subject: '', commonName: textOf(name), subjectAltNames: [], fingerprint256: '' };
}

function textOf(name: Buffer): string {
  try {
    return utf8.decode(name);
  } catch {
    throw malformed('has a name that is not UTF-8');
  }
}

function malformed(what: string): Error {
  return Object.assign(new Error(`the PROXY header ${what}`), { code: 'ERR_PROXY_HEADER' });
}
