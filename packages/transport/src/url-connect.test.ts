import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Listener } from './byte-stream.ts';
import { listenTcp } from './tcp-listener.ts';
import { certificatesMissing, testCertificates } from './test-certificates.ts';
import type { TlsClientOptions } from './tls-connect.ts';
import { listenTls } from './tls-listener.ts';
import { listenUnix } from './unix-listener.ts';
import { checkServerUrl, connectUrl } from './url-connect.ts';
import { listenWebSocket } from './web-socket-listener.ts';

const host = '127.0.0.1';

/** The kind of stream that a URL leads to. */
async function kindOf(url: string, listener: Listener, tls?: TlsClientOptions): Promise<string> {
  try {
    const stream = await connectUrl(new URL(url), { tls });
    stream.open({ onData() {}, onEnd() {}, onDrain() {}, onClose() {} });
    stream.destroy();
    return stream.kind;
  } finally {
    await listener.close();
  }
}

test('TCP, WebSocket and Unix sockets', async () => {
  const options = { host, port: 0 };
  const tcp = await listenTcp(options, stream => stream.destroy());
  assert.equal(await kindOf(`mqtt://user@${tcp.address}`, tcp), 'tcp');
  const webSocket = await listenWebSocket(options, stream => stream.destroy());
  assert.equal(await kindOf(`ws://u:p@${webSocket.address}/mqtt#x`, webSocket), 'ws');
  const folder = await mkdtemp(join(tmpdir(), 'godwit-url-'));
  const path = join(folder, 'a b.sock');
  const unix = await listenUnix({ path, backlog: 1 }, stream => stream.destroy());
  assert.equal(await kindOf(`unix:${path.replace(' ', '%20')}`, unix), 'unix');
  await rm(folder, { recursive: true });
});

test('TLS and WebSocket over TLS', { skip: await certificatesMissing() }, async () => {
  const { ca, server } = await testCertificates();
  const options = { host, port: 0, tls: { certificates: [server] } };
  const tls = await listenTls(options, stream => stream.destroy());
  assert.equal(await kindOf(`mqtts://${tls.address}`, tls, { ca: Buffer.from(ca) }), 'tls');
  const secure = await listenWebSocket(options, stream => stream.destroy());
  assert.equal(await kindOf(`wss://${secure.address}/mqtt`, secure, { ca }), 'wss');
});

test('any other URL is refused', async () => {
  for (const url of ['http://a', 'mqtt:///t', 'mqtt:a', 'unix://host/path', 'unix:', 'data:,a']) {
    const parsed = new URL(url);
    assert.throws(() => checkServerUrl(parsed), TypeError, url);
    await assert.rejects(connectUrl(parsed), TypeError);
  }
  const unix = new URL('unix:/path');
  checkServerUrl(unix);
  assert.throws(() => checkServerUrl(unix, { proxy: 'http://a' }), /Unix socket/);
  assert.throws(() => checkServerUrl(new URL('mqtt://a'), { proxy: 'a' }), /proxy/);
});
