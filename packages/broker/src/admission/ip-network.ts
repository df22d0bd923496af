/** IP addresses as numbers, so that networks of any size can be looked up in a map. */
import { isIP } from 'node:net';

export interface IpAddress {
  readonly value: bigint;
  /** 32 or 128. */
  readonly bits: number;
}

/** A network is known by its first address, its prefix length and its family. */
export interface IpNetwork {
  readonly key: string;
  readonly bits: number;
  readonly prefix: number;
}

/** Of IPv6 a customer commonly gets this much, so it counts as one address. */
const customerPrefix = 64;

/** Null for what is no IP address: a Unix socket, a peer in this process. */
export function parseAddress(text: string): IpAddress | null {
  const [plain] = text.split('%');
  const version = isIP(plain);
  if (version === 0) return null;
  return version === 4
    ? { value: ipv4Value(plain), bits: 32 }
    : { value: ipv6Value(plain), bits: 128 };
}

/** @throws RangeError when `text` is neither an address nor a network, as `10.0.0.0/8` */
export function parseNetwork(text: string): IpNetwork {
  const [host, length, ...more] = text.split('/');
  const address = host.includes('%') ? null : parseAddress(host);
  const prefix = length === undefined ? (address?.bits ?? 0) : Number(length);
  const isPrefix = length === undefined || /^\d{1,3}$/.test(length);
  if (address === null || !isPrefix || prefix > address.bits || more.length > 0) {
    throw new RangeError(
      `address: ${JSON.stringify(text)} is no address and no network as 10.0.0.0/8`,
    );
  }
  return { key: networkKey(address, prefix), bits: address.bits, prefix };
}

/** The key of the network with this prefix in which an address lies. */
export function networkKey({ value, bits }: IpAddress, prefix: number): string {
  return `${bits}/${prefix}/${(value >> BigInt(bits - prefix)).toString(36)}`;
}

/** Whether `text` is an address in `network`. */
export function liesIn(text: string, { bits, prefix, key }: IpNetwork): boolean {
  const address = parseAddress(text);
  return address !== null && address.bits === bits && networkKey(address, prefix) === key;
}

/** What counts as one address where connections are counted by address. */
export function customerKey(address: IpAddress): string {
  return networkKey(address, Math.min(address.bits, customerPrefix));
}

function ipv4Value(text: string): bigint {
  const bytes = text.split('.').map(Number);
  return BigInt(bytes[0] * 0x1000000 + ((bytes[1] << 16) | (bytes[2] << 8) | bytes[3]));
}

function ipv6Value(text: string): bigint {
  const [head, tail] = text.split('::');
  const before = groups(head);
  const after = groups(tail ?? '');
  const zeros = new Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | group, 0n);
}

/** The last may be written as IPv4. */
function groups(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap(group => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = ipv4Value(group);
    return [value >> 16n, value & 0xffffn];
  });
}
