/**
 * A pcap file of TCP connections on the MQTT port, one segment a packet: as much of the format as
 * a dissector needs.
 */

/** Which way a segment goes. */
export type Direction = 'to-server' | 'to-client';

const serverPort = 1883;
const rawIpLinkType = 101;
const ackFlag = 0x10;
const pushFlag = 0x08;
const synFlag = 0x02;
const client = [10, 0, 0, 1];
const server = [10, 0, 0, 2];

/** Collects segments; {@link TcpCapture.bytes} gives the file. */
export class TcpCapture {
  readonly #parts: Buffer[];
  #seconds: number;

  constructor() {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4); // version 2.4
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(0x40000, 16); // longest packet kept
    header.writeUInt32LE(rawIpLinkType, 20);
    this.#parts = [header];
    this.#seconds = 0;
  }

  /** A new connection from a client at `port`. */
  connect(port: number): TcpConnection {
    return new TcpConnection(port, packet => this.#record(packet));
  }

  #record(packet: Buffer): void {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(this.#seconds, 0);
    header.writeUInt32LE(packet.length, 8);
    header.writeUInt32LE(packet.length, 12);
    this.#seconds += 1;
    this.#parts.push(header, packet);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** One connection; made with its three-way handshake. */
export class TcpConnection {
  readonly #port: number;
  readonly #record: (packet: Buffer) => void;
  /** Next sequence number of each side. */
  readonly #sequence: Record<Direction, number>;

  constructor(port: number, record: (packet: Buffer) => void) {
    this.#port = port;
    this.#record = record;
    this.#sequence = { 'to-server': 0, 'to-client': 0 };
    const nothing = new Uint8Array(0);
    this.#write('to-server', synFlag, nothing);
    this.#sequence['to-server'] += 1;
    this.#write('to-client', synFlag | ackFlag, nothing);
    this.#sequence['to-client'] += 1;
    this.#write('to-server', ackFlag, nothing);
  }

  send(direction: Direction, payload: Uint8Array): void {
    this.#write(direction, ackFlag | pushFlag, payload);
    this.#sequence[direction] += payload.length;
  }

  #write(direction: Direction, flags: number, payload: Uint8Array): void {
    const toServer = direction === 'to-server';
    const source = toServer ? client : server;
    const destination = toServer ? server : client;
    const tcp = Buffer.concat([Buffer.alloc(20), payload]);
    tcp.writeUInt16BE(toServer ? this.#port : serverPort, 0);
    tcp.writeUInt16BE(toServer ? serverPort : this.#port, 2);
    tcp.writeUInt32BE(this.#sequence[direction], 4);
    const other = toServer ? 'to-client' : 'to-server';
    tcp.writeUInt32BE(flags === synFlag ? 0 : this.#sequence[other], 8);
    tcp[12] = 5 << 4; // header of five words
    tcp[13] = flags;
    tcp.writeUInt16BE(0xffff, 14); // window
    const pseudoHeader = Buffer.from([...source, ...destination, 0, 6, 0, 0]);
    pseudoHeader.writeUInt16BE(tcp.length, 10);
    tcp.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, tcp])), 16);
    const ip = Buffer.alloc(20);
    ip[0] = 0x45; // version 4, header of five words
    ip.writeUInt16BE(20 + tcp.length, 2);
    ip[8] = 64; // hops
    ip[9] = 6; // TCP
    ip.set(source, 12);
    ip.set(destination, 16);
    ip.writeUInt16BE(checksum(ip), 10);
    this.#record(Buffer.concat([ip, tcp]));
  }
}

/** The Internet checksum: the complement of the sum in ones' complement. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
