/** PROXY headers on every kind of listener, over real sockets. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { connect as connectSecure } from 'node:tls';
import { WebSocket } from 'ws';
import type { ArrivalOptions } from './arrivals.ts';
import type { ByteStream, Listener } from './byte-stream.ts';
import { HeldClock } from './held-clock.ts';
import { listenTcp } from './tcp-listener.ts';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from './test-certificates.ts';
import { listenTls } from './tls-listener.ts';
import { listenUnix } from './unix-listener.ts';
import { listenWebSocket } from './web-socket-listener.ts';

const host = '127.0.0.1';
const line = Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n');
const health = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
const proxyProtocol = ['127.0.0.0/8'];

type OnStream = (stream: ByteStream) => void;
type Listen = (options: ArrivalOptions, onStream: OnStream) => Promise<Listener>;

const listenPlain: Listen = (options, onStream) =>
  listenTcp({ host, port: 0, ...options }, onStream);

/** What a stream brings, up to `length` bytes. */
function received(stream: ByteStream, length: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let bytes = Buffer.alloc(0);
  stream.open({
    onData(chunk) {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= length) resolve(bytes.toString());
    },
    onEnd: () => stream.end(),
    onDrain() {},
    onClose: error => reject(error ?? new Error(`closed after ${bytes.length} bytes`)),
  });
  return promise;
}

/** Writes in pieces, each on its own; the last one with what is behind it. */
async function writePieces(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  socket.setNoDelay(true);
  for (let at = 0; at < bytes.length; at += size) {
    await new Promise<unknown>(done => socket.write(bytes.subarray(at, at + size), done));
    await turn();
  }
}

/** Lets the other end, in the same process, read. */
async function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const taken = once(port1, 'message');
  port2.postMessage(null);
  await taken;
  port1.close();
}

async function withListener(
  listen: Listen,
  options: ArrivalOptions,
  run: (listener: Listener, accepted: Promise<ByteStream>, errors: string[]) => Promise<void>,
): Promise<void> {
  const streams: ByteStream[] = [];
  const accepted = Promise.withResolvers<ByteStream>();
  const errors: string[] = [];
  const onHandshakeError = ({ message }: Error): void => void errors.push(message);
  const listener = await listen({ proxyProtocol, onHandshakeError, ...options }, stream => {
    streams.push(stream);
    accepted.resolve(stream);
  });
  try {
    await run(listener, accepted.promise, errors);
  } finally {
    for (const stream of streams) stream.destroy();
    await listener.close();
  }
}

suite('PROXY protocol', { skip: await certificatesMissing() }, () => {
  let certificates: TestCertificates;
  let folder = '';
  before(async () => {
    certificates = await testCertificates();
    folder = await mkdtemp(join(tmpdir(), 'godwit-proxy-'));
  });
  after(() => rm(folder, { recursive: true }));

  const listenSecure: Listen = (options, onStream) =>
    listenTls(
      { host, port: 0, tls: { certificates: [certificates.server] }, ...options },
      onStream,
    );
  const listenWeb: Listen = (options, onStream) =>
    listenWebSocket({ host, port: 0, ...options }, onStream);
  const listenSecureWeb: Listen = (options, onStream) =>
    listenWebSocket(
      { host, port: 0, tls: { certificates: [certificates.server] }, ...options },
      onStream,
    );
  const listenFile: Listen = (options, onStream) =>
    listenUnix({ path: join(folder, 'a.sock'), ...options }, onStream);

  for (const size of [1, 7, line.length]) {
    test(`TCP: tells of the client, pieces of ${size}`, () =>
      withListener(listenPlain, {}, async ({ port }, accepted) => {
        const socket = connect(port, host);
        await writePieces(socket, line, size);
        socket.write('hello');
        const stream = await accepted;
        assert.deepEqual([stream.remoteAddress, stream.remotePort], ['192.0.2.1', 56324]);
        assert.equal(await received(stream, 5), 'hello');
        socket.destroy();
      }));
  }

  test('TCP: what comes with the header is delivered first, once, and not while paused', () =>
    withListener(listenPlain, {}, async ({ port }, accepted) => {
      const socket = connect(port, host);
      socket.write(Buffer.concat([line, Buffer.from('hel')]));
      const stream = await accepted;
      const bytes = received(stream, 5);
      stream.pause();
      await writePieces(socket, Buffer.from('lo'), 2);
      stream.resume();
      assert.equal(await bytes, 'hello');
      socket.destroy();
    }));

  test('a Unix socket', () =>
    withListener(listenFile, {}, async ({ address }, accepted) => {
      const socket = connect(address);
      socket.write(Buffer.concat([line, Buffer.from('hello')]));
      const stream = await accepted;
      assert.deepEqual([stream.kind, stream.remoteAddress], ['unix', '192.0.2.1']);
      assert.equal(await received(stream, 5), 'hello');
      socket.destroy();
    }));

  test('TLS, also when its first bytes come with the header', () =>
    withListener(listenSecure, {}, async ({ port }, accepted) => {
      const socket = connect(port, host);
      socket.cork();
      socket.write(line);
      const secured = connectSecure({ socket, ca: certificates.ca, servername: 'localhost' });
      socket.uncork();
      secured.write('hello');
      const stream = await accepted;
      assert.deepEqual([stream.kind, stream.remoteAddress], ['tls', '192.0.2.1']);
      assert.equal(await received(stream, 5), 'hello');
      secured.destroy();
    }));

  for (const [name, isSecure] of [
    ['WebSocket', false],
    ['WebSocket over TLS', true],
  ] as const) {
    for (const size of [1, line.length]) {
      test(`${name}, pieces of ${size}`, () =>
        withListener(isSecure ? listenSecureWeb : listenWeb, {}, async ({ port }, accepted) => {
          const socket = connect(port, host);
          await writePieces(socket, line, size);
          const over = isSecure
            ? connectSecure({ socket, ca: certificates.ca, servername: 'localhost' })
            : socket;
          const webSocket = new WebSocket(`ws://localhost:${port}/mqtt`, 'mqtt', {
            createConnection: () => over,
          });
          const stream = await accepted;
          assert.deepEqual([stream.remoteAddress, stream.remotePort], ['192.0.2.1', 56324]);
          webSocket.once('open', () => webSocket.send(Buffer.from('hello')));
          assert.equal(await received(stream, 5), 'hello');
          webSocket.terminate();
        }));
    }
  }

  test('WebSocket whose request comes with the header', () =>
    withListener(listenWeb, {}, async ({ port }, accepted) => {
      const request = [
        'GET /mqtt HTTP/1.1',
        'Host: x',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol: mqtt',
      ];
      const socket = connect(port, host);
      // A masked frame of one byte behind it.
      const frame = Buffer.from('828100000000' + '41', 'hex');
      socket.write(Buffer.concat([line, Buffer.from(`${request.join('\r\n')}\r\n\r\n`), frame]));
      const stream = await accepted;
      assert.equal(stream.remoteAddress, '192.0.2.1');
      assert.equal(await received(stream, 1), 'A');
      socket.destroy();
    }));

  test('a health check is the proxy’s own', () =>
    withListener(listenPlain, {}, async ({ port }, accepted) => {
      const socket = connect(port, host);
      socket.write(health);
      const stream = await accepted;
      assert.deepEqual([stream.remoteAddress, stream.remotePort], [host, socket.localPort]);
      socket.destroy();
    }));

  for (const [name, listen] of [
    ['TCP', listenPlain],
    ['TLS', listenSecure],
    ['WebSocket', listenWeb],
  ] as const) {
    test(`${name}: closes on what is no header, or ends within it`, () =>
      withListener(listen, {}, async ({ port }, _accepted, errors) => {
        for (const bytes of ['\x10\x0c\0\x04MQTT', 'PROXY TCP4 ', '\x16\x03\x01']) {
          const socket = connect(port, host).resume();
          socket.on('error', () => {});
          const closed = once(socket, 'close');
          if (bytes.startsWith('PROXY')) socket.end(bytes);
          else socket.write(bytes);
          await closed;
        }
        assert.equal(errors.length, 3);
        assert.match(errors.join('\n'), /^the PROXY header does not.*\nclosed before.*\nthe PROXY/);
      }));
  }

  test('from elsewhere nobody is let in', () =>
    withListener(listenPlain, { proxyProtocol: ['10.0.0.0/8'] }, async ({ port }, _, errors) => {
      const socket = connect(port, host).resume();
      socket.on('error', () => {});
      socket.write(line);
      await once(socket, 'close');
      assert.deepEqual(errors, ['is none of the proxies that may connect']);
    }));

  test('a header that does not come is waited for so long, and closing the listener ends it', async () => {
    const clock = new HeldClock();
    await withListener(listenPlain, { clock, handshakeTimeoutMs: 9 }, async listener => {
      const slow = connect(listener.port, host).resume();
      slow.write('PROXY');
      await clock.set(1);
      const closed = once(slow, 'close');
      clock.expire();
      await closed;
      const late = connect(listener.port, host).resume();
      late.on('error', () => {});
      await clock.set(1);
      const cut = once(late, 'close');
      await listener.close();
      await cut;
      assert.equal(clock.timers.size, 0);
    });
  });

  test('one too many closes the oldest', () =>
    withListener(listenPlain, { handshakesMax: 2 }, async ({ port }, accepted, errors) => {
      const first = connect(port, host).resume();
      first.on('error', () => {});
      await once(first, 'connect');
      const others = [connect(port, host), connect(port, host)];
      await once(first, 'close');
      assert.deepEqual(errors, ['was the oldest of 2 that had not finished']);
      others[1].write(line);
      assert.equal((await accepted).remoteAddress, '192.0.2.1');
      for (const socket of others) socket.destroy();
    }));

  test('what is no network is refused at once', () =>
    assert.rejects(
      listenPlain({ proxyProtocol: ['everybody'] }, () => {}),
      RangeError,
    ));
});
