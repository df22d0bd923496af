/** Who is at the other end of a connection. */
import type { Socket } from 'node:net';
import type { PeerCertificate } from './byte-stream.ts';
import { plainAddress } from './plain-address.ts';

/** The fields of a stream of the same names. */
export interface Peer {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly peerCertificate?: PeerCertificate | undefined;
}

/** As the system knows it: it may be a proxy. */
export function peerOf(socket: Socket): Peer {
  return { remoteAddress: plainAddress(socket.remoteAddress), remotePort: socket.remotePort ?? 0 };
}
