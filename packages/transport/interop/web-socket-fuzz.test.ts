/** Frames of any shape, cut anywhere, and bytes that are no frames, over WebSocket and over TLS. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectSecure } from 'node:tls';
import fc from 'fast-check';
import type { ByteStream, Listener } from '../src/byte-stream.ts';
import { HeldClock } from '../src/held-clock.ts';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '../src/test-certificates.ts';
import { listenWebSocket } from '../src/web-socket-listener.ts';

const host = '127.0.0.1';
const seed = 20_261;
const request = [
  'GET /mqtt HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Protocol: mqtt',
];

/** A message in fragments, with pings between them. */
interface Message {
  readonly fragments: readonly Uint8Array[];
  readonly ping: Uint8Array;
}

const payload = fc.uint8Array({ maxLength: 300 });
const message: fc.Arbitrary<Message> = fc.record({
  fragments: fc.array(payload, { minLength: 1, maxLength: 4 }),
  ping: fc.uint8Array({ maxLength: 125 }),
});
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });

function frame(opcode: number, isFinal: boolean, bytes: Uint8Array): Buffer {
  const mask = [0x9d, 0x01, 0xff, 0x3c];
  const head = [(isFinal ? 0x80 : 0) | opcode];
  if (bytes.length < 126) head.push(0x80 | bytes.length);
  else head.push(0x80 | 126, bytes.length >> 8, bytes.length & 0xff);
  return Buffer.from([...head, ...mask, ...bytes.map((byte, at) => byte ^ mask[at % 4])]);
}

function framesOf({ fragments, ping }: Message): Buffer {
  const frames = fragments.map((bytes, at) =>
    Buffer.concat([
      frame(at === 0 ? 2 : 0, at === fragments.length - 1, bytes),
      frame(9, true, ping),
    ]),
  );
  return Buffer.concat(frames);
}

interface Fixture extends AsyncDisposable {
  /** A fresh connection that has been upgraded, and the stream it has become. */
  open(): Promise<{ socket: Socket; stream: ByteStream }>;
}

async function fixture(certificates?: TestCertificates): Promise<Fixture> {
  let accept = (_stream: ByteStream): void => {};
  const tls = certificates === undefined ? undefined : { certificates: [certificates.server] };
  const listener: Listener = await listenWebSocket(
    { host, port: 0, messageBytesMax: 4096, ...(tls && { tls }) },
    stream => accept(stream),
  );
  const { port } = listener;
  return {
    async open() {
      const accepted = new Promise<ByteStream>(resolve => {
        accept = resolve;
      });
      const socket = tls
        ? connectSecure({ host, port, ca: certificates?.ca })
        : connect(port, host);
      socket.on('error', () => {});
      socket.resume();
      socket.write(`${request.join('\r\n')}\r\n\r\n`);
      return { socket, stream: await accepted };
    },
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** Writes in pieces of the sizes, which are gone through again and again. */
async function writeCut(socket: Socket, bytes: Buffer, pieces: readonly number[]): Promise<void> {
  for (let at = 0, turn = 0; at < bytes.length && !socket.destroyed; turn += 1) {
    const end = at + pieces[turn % pieces.length];
    await new Promise<unknown>(done => socket.write(bytes.subarray(at, end), done));
    at = end;
  }
}

/** What the stream brings until it is closed. */
function drained(stream: ByteStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise(resolve => {
    stream.open({
      onData: chunk => void chunks.push(Buffer.from(chunk)),
      onEnd: () => stream.end(),
      onDrain() {},
      onClose: () => resolve(Buffer.concat(chunks)),
    });
  });
}

const skip = await certificatesMissing();
const certificates = skip === false ? await testCertificates() : undefined;

for (const [name, own] of [
  ['ws', undefined],
  ['wss', certificates],
] as const) {
  const wishes = { skip: name === 'wss' && skip };

  test(`${name}: messages in any fragments, cut anywhere, bring their bytes`, wishes, async () => {
    await using at = await fixture(own);
    const messages = fc.array(message, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(messages, sizes, async (all, pieces) => {
        const { socket, stream } = await at.open();
        const bytes = drained(stream);
        await writeCut(
          socket,
          Buffer.concat([...all.map(framesOf), frame(8, true, Buffer.alloc(0))]),
          pieces,
        );
        assert.deepEqual(await bytes, Buffer.concat(all.flatMap(({ fragments }) => fragments)));
        socket.destroy();
      }),
      { seed, numRuns: 40 },
    );
  });

  test(`${name}: what is no frame closes its own connection only`, wishes, async () => {
    await using at = await fixture(own);
    const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        message,
        change,
        payload,
        sizes,
        async (one, [where, bits], tail, pieces) => {
          const { socket, stream } = await at.open();
          const closed = drained(stream);
          const bytes = Buffer.concat([framesOf(one), tail]);
          bytes[where % bytes.length] ^= bits;
          await writeCut(socket, bytes, pieces);
          socket.destroy();
          assert.ok((await closed).length <= bytes.length);
        },
      ),
      { seed, numRuns: 40 },
    );
    const { socket, stream } = await at.open();
    const bytes = drained(stream);
    socket.write(
      Buffer.concat([
        framesOf({ fragments: [Buffer.from('well')], ping: Buffer.alloc(0) }),
        frame(8, true, Buffer.alloc(0)),
      ]),
    );
    assert.equal((await bytes).toString(), 'well');
    socket.destroy();
  });

  test(`${name}: bytes that are no request, and no handshake, are closed`, wishes, async () => {
    const clock = new HeldClock();
    const listening = await listenWebSocket(
      { host, port: 0, clock, ...(own && { tls: { certificates: [own.server] } }) },
      () => assert.fail('was let in'),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async bytes => {
        const socket = connect(listening.port, host).resume();
        socket.on('error', () => {});
        const closed = once(socket, 'close');
        await new Promise<void>(done => void socket.end(bytes, done));
        // TLS waits for the rest of what could be a handshake, until its time is over.
        await once(
          connect(listening.port, host).on('error', () => {}),
          'connect',
        );
        clock.expire();
        await closed;
      }),
      { seed, numRuns: 40 },
    );
    await listening.close();
  });
}
