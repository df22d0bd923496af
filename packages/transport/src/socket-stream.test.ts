import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import type { ByteStream, StreamHandlers } from './byte-stream.ts';
import { byteStreamContract, type StreamPair } from './contract.ts';
import { connectTcp } from './tcp-connect.ts';
import { listenTcp } from './tcp-listener.ts';

async function tcpPair(): Promise<StreamPair> {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, accepted.resolve);
  const near = await connectTcp({ host: '127.0.0.1', port: listener.port });
  return { near, far: await accepted.promise, close: () => listener.close() };
}

byteStreamContract('tcp, from the client', tcpPair);

byteStreamContract('tcp, from the server', async () => {
  const { near, far, close } = await tcpPair();
  return { near: far, far: near, close };
});

const quiet: StreamHandlers = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** A plain socket on the other side, to do what a byte stream does not offer. */
async function withPlainPeer(
  run: (stream: ByteStream, peer: Socket) => Promise<void>,
): Promise<void> {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, accepted.resolve);
  const peer = connect({ port: listener.port, host: '127.0.0.1' });
  const stream = await accepted.promise;
  try {
    await run(stream, peer);
  } finally {
    stream.destroy();
    peer.destroy();
    await listener.close();
  }
}

test('a reset connection closes with its code', () =>
  withPlainPeer(async (stream, peer) => {
    const closed = new Promise<Error | null>(onClose => stream.open({ ...quiet, onClose }));
    peer.resetAndDestroy();
    assert.equal(((await closed) as NodeJS.ErrnoException).code, 'ECONNRESET');
  }));

test('open after the connection is gone still tells of its end', () =>
  withPlainPeer(async (stream, peer) => {
    peer.resetAndDestroy();
    await once(peer, 'close');
    // Not read before open, so the reset shows when it is written to.
    const closed = new Promise<Error | null>(onClose => stream.open({ ...quiet, onClose }));
    stream.write(Uint8Array.of(1));
    assert.ok((await closed) instanceof Error);
  }));

test('a block that the kernel takes at once is done before write returns', () =>
  withPlainPeer(async stream => {
    stream.open(quiet);
    let done = false;
    stream.write(Uint8Array.of(1), () => {
      done = true;
    });
    assert.equal(done, true);
    assert.equal(stream.bufferedBytes, 0);
  }));

test('blocks behind a backlog are given back while the backlog lasts', () =>
  withPlainPeer(async (stream, peer) => {
    stream.open(quiet);
    const block = new Uint8Array(16_000_000); // more than the kernel takes at once
    const blocks = 5;
    const bufferedAtDone: number[] = [];
    const all = Promise.withResolvers<void>();
    let written = 0;
    const write = (): void => {
      written += 1;
      stream.write(block, () => {
        bufferedAtDone.push(stream.bufferedBytes);
        if (bufferedAtDone.length === blocks) all.resolve();
      });
    };
    write();
    write();
    assert.deepEqual(bufferedAtDone, []);
    // Written from outside of `done`, so that there is always a block behind the one under way.
    peer.on('data', () => {
      if (written < blocks && stream.bufferedBytes < 2 * block.length) write();
    });
    await all.promise;
    assert.ok(bufferedAtDone[0] > 0);
    assert.equal(bufferedAtDone[blocks - 1], 0);
  }));

test('two streams that share the read buffer do not mix', async () => {
  const streams: ByteStream[] = [];
  const received = new Map<ByteStream, number[]>();
  const enough = Promise.withResolvers<void>();
  let receivedBytes = 0;
  const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, stream => {
    const values: number[] = [];
    received.set(stream, values);
    streams.push(stream);
    stream.open({
      ...quiet,
      onData(chunk) {
        values.push(...chunk);
        receivedBytes += chunk.length;
        if (receivedBytes === 4_000) enough.resolve();
      },
    });
  });
  const clients = [1, 2, 3, 4].map(() => connect(listener.port, '127.0.0.1'));
  for (const [index, client] of clients.entries()) client.write(new Uint8Array(1_000).fill(index));
  await enough.promise;
  for (const values of received.values()) {
    assert.equal(values.length, 1_000);
    assert.equal(new Set(values).size, 1);
  }
  for (const stream of streams) stream.destroy();
  for (const client of clients) client.destroy();
  await listener.close();
});
