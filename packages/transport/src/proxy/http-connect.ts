/** The client's side of HTTP CONNECT (RFC 9110, section 9.3.6), with Basic authentication. */
import { isIPv6 } from 'node:net';
import { type HandshakeSocket, proxyError } from './handshake-socket.ts';
import type { ProxyAddress } from './proxy-address.ts';

const answerBytesMax = 16 * 1024;

/** @throws Error when the proxy refuses, or does not speak HTTP */
export async function httpConnect(
  socket: HandshakeSocket,
  { username, password }: ProxyAddress,
  host: string,
  port: number,
): Promise<void> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (!/^[!-~]+$/.test(authority)) throw proxyError('the host is no name that HTTP could carry');
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (username !== '') {
    const credentials = Buffer.from(`${username}:${password}`).toString('base64');
    lines.push(`Proxy-Authorization: Basic ${credentials}`);
  }
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const head = (await socket.takeThrough('\r\n\r\n', answerBytesMax)).toString('latin1');
  const [, status] = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head) ?? [];
  if (status === undefined) throw proxyError('the proxy does not speak HTTP');
  if (!status.startsWith('2')) throw proxyError(`the proxy cannot connect: status ${status}`);
}
