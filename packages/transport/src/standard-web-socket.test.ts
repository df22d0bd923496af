import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ByteStream } from './byte-stream.ts';
import { byteStreamContract } from './contract.ts';
import { connectStandardWebSocket } from './standard-web-socket.ts';
import { listenWebSocket } from './web-socket-listener.ts';

const host = '127.0.0.1';

byteStreamContract('standard WebSocket', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenWebSocket({ host, port: 0 }, accepted.resolve);
  const near = await connectStandardWebSocket({ url: `ws://${listener.address}/mqtt` });
  return { near, far: await accepted.promise, close: () => listener.close() };
});

/** A server of the library `ws`, to do what a byte stream does not offer. */
async function withServer(
  run: (url: string, peer: Promise<WebSocket>) => Promise<void>,
  select: () => string | false = () => 'mqtt',
): Promise<void> {
  const server = new WebSocketServer({ host, port: 0, handleProtocols: select });
  const peer = new Promise<WebSocket>(resolve => server.once('connection', resolve));
  await once(server, 'listening');
  try {
    await run(`ws://${host}:${(server.address() as AddressInfo).port}/any/path?x`, peer);
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}

interface Ending {
  readonly chunks: number[][];
  readonly closed: Promise<Error | null>;
}

function opened(stream: ByteStream): Ending {
  const chunks: number[][] = [];
  const closed = Promise.withResolvers<Error | null>();
  stream.open({
    onData: chunk => chunks.push([...chunk]),
    onEnd: () => stream.end(),
    onDrain() {},
    onClose: closed.resolve,
  });
  return { chunks, closed: closed.promise };
}

test('[MQTT-6.0.0-3] offers the subprotocol mqtt, which the server has to select', async () => {
  await withServer(async (url, peer) => {
    const stream = await connectStandardWebSocket({ url });
    assert.equal(stream.kind, 'ws');
    assert.equal((await peer).protocol, 'mqtt');
    stream.destroy();
  });
  for (const select of ['', 'other']) {
    await withServer(
      async url => {
        await assert.rejects(connectStandardWebSocket({ url }), { code: 'ECONNREFUSED' });
      },
      () => select || false,
    );
  }
});

test('[MQTT-6.0.0-1] a text frame ends it, after what came before', async () => {
  await withServer(async (url, peer) => {
    const stream = await connectStandardWebSocket({ url });
    const { chunks, closed } = opened(stream);
    const server = await peer;
    server.send(Uint8Array.of(1));
    server.send('text');
    server.send(Uint8Array.of(2));
    assert.equal(((await closed) as NodeJS.ErrnoException).code, 'ERR_TEXT_FRAME');
    assert.deepEqual(chunks, [[1]]);
    await once(server, 'close');
  });
});

test('a connection that breaks has an error, one that is closed has none', async () => {
  for (const [close, expected] of [
    [(server: WebSocket) => server.terminate(), 'ECONNRESET'],
    [(server: WebSocket) => server.close(1001), undefined],
  ] as const) {
    await withServer(async (url, peer) => {
      const stream = await connectStandardWebSocket({ url });
      const { closed } = opened(stream);
      close(await peer);
      assert.equal(((await closed) as NodeJS.ErrnoException | null)?.code, expected);
    });
  }
});

test('what arrives during a pause is held, up to a bound', async () => {
  await withServer(async (url, peer) => {
    const stream = await connectStandardWebSocket({ url });
    const { closed, chunks } = opened(stream);
    stream.pause();
    const server = await peer;
    for (let sent = 0; sent <= 16; sent += 1) server.send(new Uint8Array(1024 * 1024));
    assert.equal(((await closed) as NodeJS.ErrnoException).code, 'ENOBUFS');
    assert.deepEqual(chunks, []);
  });
});

test('nobody listens, or the attempt is given up', async () => {
  const listener = await listenWebSocket({ host, port: 0 }, () => {});
  await listener.close();
  const url = `ws://${listener.address}/mqtt`;
  await assert.rejects(connectStandardWebSocket({ url }), { code: 'ECONNREFUSED' });
  const signal = AbortSignal.abort();
  await assert.rejects(connectStandardWebSocket({ url, signal }), { code: 'ABORT_ERR' });
});
