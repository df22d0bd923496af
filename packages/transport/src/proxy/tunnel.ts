/** Opens a TCP connection through a proxy, as a socket on which nothing has been said yet. */
import { Socket, type SocketConstructorOpts } from 'node:net';
import { HandshakeSocket } from './handshake-socket.ts';
import { httpConnect } from './http-connect.ts';
import { proxyAddress } from './proxy-address.ts';
import { socks5 } from './socks5.ts';

/** What a tunnel is to lead through, and where. */
export interface TunnelOptions {
  /** As `socks5://[user:password@]host:port` or `http://[user:password@]host:port`. */
  readonly proxy: string | URL;
  /** Given to the proxy as it is: a name is looked up there. */
  readonly host: string;
  readonly port: number;
}

/** Under way: destroying the socket ends it. */
export interface Tunnel {
  readonly socket: Socket;
  /** Rejects with the system's error, or with code `EPROXY` when the proxy refuses. */
  readonly ready: Promise<void>;
}

/** @throws TypeError for a proxy that is not well formed */
export function openTunnel({ proxy, host, port }: TunnelOptions): Tunnel {
  const address = proxyAddress(proxy);
  // with that mark 'drain' tells of every time that all has been taken
  const wishes = { allowHalfOpen: true, writableHighWaterMark: 0 } as SocketConstructorOpts;
  const socket = new Socket(wishes);
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve();
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the tunnel was given up')));
  });
  socket.connect({ host: address.host, port: address.port });
  const ready = connected.then(async () => {
    const handshake = new HandshakeSocket(socket);
    await (address.kind === 'socks5' ? socks5 : httpConnect)(handshake, address, host, port);
    handshake.release();
  });
  return { socket, ready };
}
