import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import type { ByteStream, StreamHandlers } from '../src/byte-stream.ts';
import { byteStreamContract, type StreamPair } from '../src/contract.ts';
import { certificatesMissing, testCertificates } from '../src/test-certificates.ts';
import type { TlsServerOptions } from '../src/tls-acceptor.ts';
import { connectWebSocket } from '../src/web-socket-connect.ts';
import { type ListenWebSocketOptions, listenWebSocket } from '../src/web-socket-listener.ts';

const host = '127.0.0.1';

async function webSocketPair(tls?: TlsServerOptions, ca?: string): Promise<StreamPair> {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenWebSocket({ host, port: 0, tls }, accepted.resolve);
  const url = `${tls === undefined ? 'ws' : 'wss'}://${listener.address}/mqtt`;
  const near = await connectWebSocket({ url, tls: { ca } });
  return { near, far: await accepted.promise, close: () => listener.close() };
}

function turned({ near, far, close }: StreamPair): StreamPair {
  return { near: far, far: near, close };
}

byteStreamContract('ws, from the client', () => webSocketPair());
byteStreamContract('ws, from the server', async () => turned(await webSocketPair()));

const skip = await certificatesMissing();
if (skip === false) {
  const { ca, server } = await testCertificates();
  const tls = { certificates: [server] };
  byteStreamContract('wss, from the client', () => webSocketPair(tls, ca));
  byteStreamContract('wss, from the server', async () => turned(await webSocketPair(tls, ca)));
}

/** A WebSocket on the other side, to do what a byte stream does not offer. */
async function withWebSocket(
  run: (stream: ByteStream, peer: WebSocket) => Promise<void>,
  options: Partial<ListenWebSocketOptions> = {},
): Promise<void> {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenWebSocket({ host, port: 0, ...options }, accepted.resolve);
  const peer = new WebSocket(`ws://${listener.address}/mqtt`, 'mqtt');
  peer.on('error', () => {});
  const stream = await accepted.promise;
  try {
    await run(stream, peer);
  } finally {
    stream.destroy();
    peer.terminate();
    await listener.close();
  }
}

interface Recording {
  readonly chunks: number[][];
  readonly closed: Promise<Error | null>;
  /** Resolves when there are `count` chunks. */
  received(count: number): Promise<void>;
}

function recording(stream: ByteStream, onChunk: () => void = () => {}): Recording {
  const chunks: number[][] = [];
  const closed = Promise.withResolvers<Error | null>();
  let wake = (): void => {};
  const handlers: StreamHandlers = {
    onData(chunk) {
      chunks.push([...chunk]);
      onChunk();
      wake();
    },
    onEnd() {},
    onDrain() {},
    onClose: closed.resolve,
  };
  stream.open(handlers);
  return {
    chunks,
    closed: closed.promise,
    async received(count) {
      while (chunks.length < count) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    },
  };
}

async function closeOf(peer: WebSocket): Promise<number> {
  return await new Promise(resolve => void peer.once('close', resolve));
}

function opened(peer: WebSocket): Promise<void> {
  if (peer.readyState === WebSocket.OPEN) return Promise.resolve();
  return new Promise(resolve => void peer.once('open', resolve));
}

test('a text frame closes the connection [MQTT-6.0.0-1]', () =>
  withWebSocket(async (stream, peer) => {
    const { chunks, closed } = recording(stream);
    await opened(peer);
    const status = closeOf(peer);
    peer.send(Uint8Array.of(1));
    peer.send('two');
    peer.send(Uint8Array.of(3));
    assert.equal(await status, 1003);
    assert.equal(((await closed) as NodeJS.ErrnoException).code, 'ERR_TEXT_FRAME');
    assert.deepEqual(chunks, [[1]]);
  }));

test('takes messages cut at will, fragments and empty frames [MQTT-6.0.0-2]', () =>
  withWebSocket(async (stream, peer) => {
    const { chunks, received } = recording(stream);
    await opened(peer);
    peer.send(Uint8Array.of(1));
    peer.send(new Uint8Array(0));
    peer.ping();
    peer.send(Uint8Array.of(2), { fin: false });
    peer.send(new Uint8Array(0), { fin: false });
    peer.send(Uint8Array.of(3, 4), { fin: true });
    peer.send(Uint8Array.of(5));
    await received(3);
    assert.deepEqual(chunks.flat(), [1, 2, 3, 4, 5]);
  }));

test('a message over the limit closes with 1009', () =>
  withWebSocket(
    async (stream, peer) => {
      const { chunks, closed } = recording(stream);
      await opened(peer);
      const status = closeOf(peer);
      peer.send(new Uint8Array(100));
      peer.send(new Uint8Array(101));
      assert.equal(await status, 1009);
      const error = (await closed) as NodeJS.ErrnoException;
      assert.equal(error.code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH');
      assert.deepEqual(
        chunks.map(chunk => chunk.length),
        [100],
      );
    },
    { messageBytesMax: 100 },
  ));

test('pausing holds back the other messages of the same chunk, and the end behind them', () =>
  withWebSocket(async (stream, peer) => {
    const { chunks, closed, received } = recording(stream, () => stream.pause());
    await opened(peer);
    const status = closeOf(peer);
    for (const value of [1, 2, 3]) peer.send(Uint8Array.of(value));
    peer.close(1000);
    await received(1);
    assert.deepEqual(chunks, [[1]]);
    stream.resume();
    await received(2);
    stream.resume();
    await received(3);
    stream.resume();
    assert.equal(await closed, null);
    assert.deepEqual(chunks, [[1], [2], [3]]);
    assert.equal(await status, 1000);
  }));

test('a block is a frame, a large one several', () =>
  withWebSocket(async (stream, peer) => {
    recording(stream);
    const sizes: number[] = [];
    const all = new Promise<void>(resolve => {
      peer.on('message', data => {
        sizes.push((data as Buffer).length);
        if (sizes.length === 5) resolve();
      });
    });
    await opened(peer);
    stream.cork();
    stream.write(new Uint8Array(10));
    stream.write(new Uint8Array(20));
    stream.uncork();
    stream.write(new Uint8Array(2 * 65_536 + 1));
    await all;
    assert.deepEqual(sizes, [10, 20, 65_536, 65_536, 1]);
  }));

test('a block that the kernel takes at once is done before write returns', () =>
  withWebSocket(async stream => {
    recording(stream);
    let done = false;
    stream.write(Uint8Array.of(1), () => {
      done = true;
    });
    assert.equal(done, true);
    assert.equal(stream.bufferedBytes, 0);
  }));

test('a peer that is cut off closes without a word', () =>
  withWebSocket(async (stream, peer) => {
    const { closed } = recording(stream);
    await opened(peer);
    peer.terminate();
    await closed;
  }));
