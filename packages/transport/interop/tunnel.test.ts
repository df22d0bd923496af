import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import type { Clock } from '@godwit/runtime';
import type { ByteStream } from '../src/byte-stream.ts';
import { byteStreamContract } from '../src/contract.ts';
import { connectTcp } from '../src/tcp-connect.ts';
import { listenTcp } from '../src/tcp-listener.ts';

const host = '127.0.0.1';
const target = { host: 'broker.example', port: 0x0102 };

/** Hexadecimal pairs; a value that is put in is text, or bytes. */
function bytes(texts: TemplateStringsArray, ...values: (string | Uint8Array)[]): Uint8Array {
  const [first, ...rest] = texts.map(text => Buffer.from(text.replaceAll(' ', ''), 'hex'));
  return Buffer.concat([first, ...rest.flatMap((part, at) => [Buffer.from(values[at]), part])]);
}

/** What a proxy is sent, one turn after the other, and what it answers; then it echoes. */
interface Turn {
  readonly hears: Uint8Array;
  readonly says: Uint8Array;
}

interface Proxy {
  readonly url: string;
  /** What came that was not expected. */
  readonly surprises: string[];
  /** Something came. */
  readonly heard: Promise<void>;
  close(): Promise<void>;
}

async function scripted(
  scheme: string,
  turns: readonly Turn[],
  /** How much is written at a time. */
  step = 1_000_000,
): Promise<Proxy> {
  const surprises: string[] = [];
  const sockets: Socket[] = [];
  const something = Promise.withResolvers<void>();
  const server = createServer(socket => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', () => something.resolve());
    let heard = Buffer.alloc(0);
    const left = [...turns];
    socket.on('data', chunk => {
      if (left.length === 0) {
        socket.write(chunk);
        return;
      }
      heard = Buffer.concat([heard, chunk]);
      const { hears, says } = left[0];
      if (heard.length < hears.length) return;
      if (!heard.equals(hears)) surprises.push(heard.toString('hex'));
      heard = Buffer.alloc(0);
      left.shift();
      for (let at = 0; at < says.length; at += step) socket.write(says.subarray(at, at + step));
      if (says.length === 0) socket.end();
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `${scheme}${host}:${(server.address() as AddressInfo).port}`,
    surprises,
    heard: something.promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const greeting = { hears: bytes`05 01 00`, says: bytes`05 00` };
const request = bytes`05 01 00 03 0e ${'broker.example'} 01 02`;
const granted = bytes`05 00 00 01 00 00 00 00 00 00`;

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

const connectHead = latin1(
  'CONNECT broker.example:258 HTTP/1.1\r\nHost: broker.example:258\r\n\r\n',
);

/** Connects, and has a byte echoed. */
async function echoed(proxy: string, to: { host: string; port: number } = target): Promise<void> {
  const stream = await connectTcp({ ...to, proxy });
  const received = Promise.withResolvers<number[]>();
  stream.open({
    onData: chunk => received.resolve([...chunk]),
    onEnd() {},
    onDrain() {},
    onClose() {},
  });
  stream.write(Uint8Array.of(7));
  assert.deepEqual(await received.promise, [7]);
  stream.destroy();
}

suite('SOCKS 5', () => {
  for (const [what, credentials, to, turns] of [
    ['a name', '', target, [greeting, { hears: request, says: granted }]],
    [
      'an IPv4 address',
      '',
      { host: '192.0.2.1', port: 1883 },
      [greeting, { hears: bytes`05 01 00 01 c0 00 02 01 07 5b`, says: granted }],
    ],
    [
      'an IPv6 address, and one in the answer',
      '',
      { host: '2001:db8::192.0.2.1', port: 1883 },
      [
        greeting,
        {
          hears: bytes`05 01 00 04 20 01 0d b8 00 00 00 00 00 00 00 00 c0 00 02 01 07 5b`,
          says: bytes`05 00 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`,
        },
      ],
    ],
    [
      'user name and password, a name in the answer',
      'me:p%40ss@',
      target,
      [
        { hears: bytes`05 02 00 02`, says: bytes`05 02` },
        { hears: bytes`01 02 ${'me'} 04 ${'p@ss'}`, says: bytes`01 00` },
        { hears: request, says: bytes`05 00 00 03 03 ${'out'} 00 00` },
      ],
    ],
    [
      'credentials that nobody asks for',
      'me:p@',
      target,
      [
        { hears: bytes`05 02 00 02`, says: bytes`05 00` },
        { hears: request, says: granted },
      ],
    ],
  ] as const) {
    test(what, async () => {
      // byte by byte, too
      for (const step of [1_000, 1]) {
        const proxy = await scripted(`socks5://${credentials}`, turns, step);
        await echoed(proxy.url, to);
        assert.deepEqual(proxy.surprises, []);
        await proxy.close();
      }
    });
  }

  for (const [what, turns, expected] of [
    ['another version', [{ ...greeting, says: bytes`04 00` }], /does not speak SOCKS 5/],
    ['no way to log in', [{ ...greeting, says: bytes`05 ff` }], /refuses our way/],
    ['a way not offered', [{ ...greeting, says: bytes`05 02` }], /by itself/],
    ['a hangup', [{ ...greeting, says: bytes`` }], /closed the connection/],
    [
      'a refusal',
      [greeting, { hears: request, says: bytes`05 05 00 01 00 00 00 00 00 00` }],
      /cannot connect: connection refused/,
    ],
    [
      'an unknown kind of address',
      [greeting, { hears: request, says: bytes`05 00 00 02 00` }],
      /unknown kind of address/,
    ],
    [
      'more than its answer',
      [greeting, { hears: request, says: bytes`${granted} 01` }],
      /more than its answer/,
    ],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const proxy = await scripted('socks5://', turns);
      const { url } = proxy;
      await assert.rejects(
        connectTcp({ ...target, proxy: url }),
        (error: NodeJS.ErrnoException) => {
          assert.equal(error.code, 'EPROXY');
          assert.match(error.message, expected);
          return true;
        },
      );
      await proxy.close();
    });
  }

  test('a wrong password, and a name that is too long', async () => {
    const turns = [
      { hears: bytes`05 02 00 02`, says: bytes`05 02` },
      { hears: bytes`01 01 ${'u'} 01 ${'p'}`, says: bytes`01 01` },
    ];
    const proxy = await scripted('socks5://u:p@', turns);
    const refusal = { code: 'EPROXY', message: 'the proxy refuses the user name or password' };
    await assert.rejects(connectTcp({ ...target, proxy: proxy.url }), refusal);
    const endless = { host: 'x'.repeat(256), port: 1, proxy: proxy.url };
    await assert.rejects(connectTcp(endless), { code: 'EPROXY' });
    await proxy.close();
  });
});

suite('HTTP CONNECT', () => {
  for (const [what, credentials, hears, says, to] of [
    ['a name', '', connectHead, 'HTTP/1.1 200 Fine\r\n\r\n', target],
    ['HTTP/1.0 with headers', '', connectHead, 'HTTP/1.0 200 \r\nVia: x\r\nA: b\r\n\r\n', target],
    [
      'an address and credentials',
      'me:p%40ss@',
      latin1(
        'CONNECT [::1]:1883 HTTP/1.1\r\nHost: [::1]:1883\r\n' +
          'Proxy-Authorization: Basic bWU6cEBzcw==\r\n\r\n',
      ),
      'HTTP/1.1 200 OK\r\n\r\n',
      { host: '::1', port: 1883 },
    ],
  ] as const) {
    test(what, async () => {
      for (const step of [1_000, 1]) {
        const turns = [{ hears, says: latin1(says) }];
        const proxy = await scripted(`http://${credentials}`, turns, step);
        await echoed(proxy.url, to);
        assert.deepEqual(proxy.surprises, []);
        await proxy.close();
      }
    });
  }

  for (const [what, says, expected] of [
    ['a refusal', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /status 407/],
    ['what is not HTTP', 'SSH-2.0-x\r\n\r\n', /does not speak HTTP/],
    ['an endless answer', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(16_384)}`, /more than 16384 bytes/],
    ['more than its answer', 'HTTP/1.1 200 OK\r\n\r\nx', /more than its answer/],
    ['a hangup', '', /closed the connection/],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const proxy = await scripted('http://', [{ hears: connectHead, says: latin1(says) }]);
      const { url } = proxy;
      await assert.rejects(
        connectTcp({ ...target, proxy: url }),
        (error: NodeJS.ErrnoException) => {
          assert.equal(error.code, 'EPROXY');
          assert.match(error.message, expected);
          return true;
        },
      );
      await proxy.close();
    });
  }

  test('does not carry a host that is none', async () => {
    const proxy = await scripted('http://', []);
    for (const name of ['a\r\nX: y', 'a b', '\u00e4']) {
      const options = { host: name, port: 1, proxy: proxy.url };
      await assert.rejects(connectTcp(options), { code: 'EPROXY' });
    }
    await proxy.close();
  });
});

suite('a tunnel', () => {
  /** A proxy that does what it is asked, without looking. */
  byteStreamContract('through a proxy', async () => {
    const accepted = Promise.withResolvers<ByteStream>();
    const listener = await listenTcp({ host, port: 0 }, accepted.resolve);
    const sockets: Socket[] = [];
    const server = createServer({ allowHalfOpen: true }, socket => {
      socket.once('data', () => {
        const out = connect({ host, port: listener.port, allowHalfOpen: true });
        sockets.push(socket, out);
        for (const each of [socket, out]) each.on('error', () => {});
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(out).pipe(socket);
        socket.once('close', () => out.destroy());
        out.once('close', () => socket.destroy());
      });
    });
    server.listen(0, host);
    await once(server, 'listening');
    const proxy = `http://${host}:${(server.address() as AddressInfo).port}`;
    const near = await connectTcp({ host, port: listener.port, proxy });
    return {
      near,
      far: await accepted.promise,
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
        await listener.close();
      },
    };
  });

  test('is given up when there is no proxy, no answer, or no sense in it', async () => {
    const proxy = await scripted('socks5://', [{ hears: new Uint8Array(100), says: granted }]);
    const options = { ...target, proxy: proxy.url };
    const clock: Clock = {
      wallMs: () => 0,
      monotonicMs: () => 0,
      defer: call => call(),
      after(_delayMs, call) {
        void proxy.heard.then(call);
        return { cancel() {} };
      },
    };
    const late = connectTcp({ ...options, timeoutMs: 50, clock });
    await assert.rejects(late, { code: 'ETIMEDOUT' });
    const given = new AbortController();
    const attempt = connectTcp({ ...options, signal: given.signal });
    given.abort();
    await assert.rejects(attempt, { code: 'ABORT_ERR' });
    await proxy.close();
    await assert.rejects(connectTcp(options), { code: 'ECONNREFUSED' });
    await assert.rejects(connectTcp({ ...target, proxy: 'ftp://a' }), TypeError);
  });
});
