/** The client's side of SOCKS 5 (RFC 1928), with user name and password (RFC 1929) or without. */
import { isIPv4, isIPv6 } from 'node:net';
import { type HandshakeSocket, proxyError } from './handshake-socket.ts';
import type { ProxyAddress } from './proxy-address.ts';

const noAuthentication = 0;
const usernamePassword = 2;
const noneAcceptable = 0xff;
const [ipv4, domainName, ipv6] = [1, 3, 4];

/** Section 6. */
const replies: readonly string[] = [
  'succeeded',
  'general failure',
  'not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
];

/** @throws Error when the proxy refuses, or does not speak SOCKS 5 */
export async function socks5(
  socket: HandshakeSocket,
  { username, password }: ProxyAddress,
  host: string,
  port: number,
): Promise<void> {
  const address = addressOf(host);
  const methods = username === '' ? [noAuthentication] : [noAuthentication, usernamePassword];
  socket.write(Uint8Array.of(5, methods.length, ...methods));
  const [version, method] = await socket.take(2);
  if (version !== 5) throw proxyError('the proxy does not speak SOCKS 5');
  if (method === noneAcceptable) throw proxyError('the proxy refuses our way to log in');
  if (!methods.includes(method)) throw proxyError('the proxy chose a way to log in by itself');
  if (method === usernamePassword) {
    const [name, secret] = [Buffer.from(username), Buffer.from(password)];
    socket.write(Uint8Array.of(1, name.length, ...name, secret.length, ...secret));
    const [, status] = await socket.take(2);
    if (status !== 0) throw proxyError('the proxy refuses the user name or password');
  }
  socket.write(Uint8Array.of(5, 1, 0, ...address, port >> 8, port & 0xff));
  const [, reply, , type] = await socket.take(4);
  if (reply !== 0) throw proxyError(`the proxy cannot connect: ${replies[reply] ?? reply}`);
  // the address that it connects from
  await socket.take((await boundLength(socket, type)) + 2);
}

function addressOf(host: string): number[] {
  if (isIPv4(host)) return [ipv4, ...host.split('.').map(Number)];
  if (isIPv6(host)) return [ipv6, ...ipv6Bytes(host)];
  const name = Buffer.from(host);
  if (name.length > 255) throw proxyError('the name of the host is too long for SOCKS');
  return [domainName, name.length, ...name];
}

/** A URL has every form of an address in the same way: groups, and `::` at most once. */
function ipv6Bytes(host: string): number[] {
  const plain = new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [before, after] = plain.split('::').map(part => (part === '' ? [] : part.split(':')));
  const groups =
    after === undefined
      ? before
      : [...before, ...new Array(8 - before.length - after.length).fill('0'), ...after];
  return groups.flatMap(group => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

async function boundLength(socket: HandshakeSocket, type: number): Promise<number> {
  if (type === ipv4) return 4;
  if (type === ipv6) return 16;
  if (type === domainName) return (await socket.take(1))[0];
  throw proxyError('the proxy answers with an unknown kind of address');
}
