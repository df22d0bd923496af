import { strict as assert } from 'node:assert';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ByteStream } from './byte-stream.ts';
import { connectTcp } from './tcp-connect.ts';
import { listenTcp } from './tcp-listener.ts';

const host = '127.0.0.1';

test('names the address it has bound and knows its peers', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenTcp({ host, port: 0 }, accepted.resolve);
  assert.equal(listener.address, `${host}:${listener.port}`);
  const client = await connectTcp({ host, port: listener.port });
  const stream = await accepted.promise;
  assert.equal(stream.kind, 'tcp');
  assert.equal(stream.remoteAddress, host);
  assert.ok(stream.remotePort > 0);
  assert.deepEqual([client.remoteAddress, client.remotePort], [host, listener.port]);
  stream.destroy();
  client.destroy();
  await listener.close();
});

test('writes IPv4 peers as IPv4 where it listens on all addresses', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenTcp({ port: 0 }, accepted.resolve);
  const client = connect(listener.port, host);
  const stream = await accepted.promise;
  assert.equal(stream.remoteAddress, host);
  stream.destroy();
  client.destroy();
  await listener.close();
});

test('close frees the address and leaves open streams alone', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenTcp({ host, port: 0 }, accepted.resolve);
  const client = await connectTcp({ host, port: listener.port });
  const stream = await accepted.promise;
  await listener.close();
  const again = await listenTcp({ host, port: listener.port }, () => {});
  const received = new Promise<number>(resolve => {
    client.open({
      onData: chunk => resolve(chunk[0]),
      onEnd() {},
      onDrain() {},
      onClose() {},
    });
  });
  stream.write(Uint8Array.of(7));
  assert.equal(await received, 7);
  stream.destroy();
  client.destroy();
  await again.close();
});

test('a taken address is refused with its code; reusePort shares it', async () => {
  const first = await listenTcp({ host, port: 0, reusePort: true }, () => {});
  await assert.rejects(
    listenTcp({ host, port: first.port }, () => {}),
    { code: 'EADDRINUSE' },
  );
  const second = await listenTcp({ host, port: first.port, reusePort: true }, () => {});
  await first.close();
  await second.close();
});
