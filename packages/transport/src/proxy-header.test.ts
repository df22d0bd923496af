import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ProxyHeader, proxyHeaderBytesMax, readProxyHeader } from './proxy-header.ts';

const signature = '0d0a0d0a000d0a515549540a';

function binary(rest: string, values = ''): Buffer {
  return Buffer.from(signature + rest.replaceAll(' ', '') + values.replaceAll(' ', ''), 'hex');
}

/** Type, length, value. */
function value(type: number, bytes: Buffer): string {
  const head = Buffer.alloc(3);
  head[0] = type;
  head.writeUInt16BE(bytes.length, 1);
  return Buffer.concat([head, bytes]).toString('hex');
}

function withValues(values: string): Buffer {
  const length = (12 + values.length / 2).toString(16).padStart(4, '0');
  return binary(`21 11 ${length} c0000201 c6336401 dc04 075b`, values);
}

function client(text: string | Buffer): ProxyHeader['client'] | undefined {
  return readProxyHeader(Buffer.from(text))?.client;
}

const whole: readonly [name: string, header: Buffer, address: string | null, port: number][] = [
  ['v1 TCP4', Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n'), '192.0.2.1', 56324],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:DB8::1 ::1 1 65535\r\n'), '2001:db8::1', 1],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN ffff:f...f:ffff whatever\r\n'), null, 0],
  ['v1 UNKNOWN alone', Buffer.from('PROXY UNKNOWN\r\n'), null, 0],
  ['v2 TCP4', withValues(''), '192.0.2.1', 56324],
  [
    'v2 TCP6',
    binary(`21 21 0024 20010db8000000000000000000000001 ${'00'.repeat(15)}01 0001 075b`),
    '2001:db8::1',
    1,
  ],
  [
    'v2 TCP6 of IPv4',
    binary(`21 21 0024 ${'00'.repeat(10)}ffffc0000201 ${'00'.repeat(16)} 0001 075b`),
    '192.0.2.1',
    1,
  ],
  ['v2 LOCAL', binary('20 00 0000'), null, 0],
  ['v2 LOCAL with what may be ignored', binary('20 11 0003 ffffff'), null, 0],
  ['v2 UNSPEC', binary('21 00 0000'), null, 0],
  ['v2 Unix', binary(`21 31 00d8 ${'00'.repeat(216)}`), null, 0],
];

for (const [name, header, remoteAddress, remotePort] of whole) {
  test(`${name}: is read when it is whole, and not before`, () => {
    const expected =
      remoteAddress === null ? null : { remoteAddress, remotePort, peerCertificate: undefined };
    for (let length = 0; length < header.length; length += 1) {
      assert.equal(readProxyHeader(header.subarray(0, length)), undefined, `${length} bytes`);
    }
    const found = { length: header.length, client: expected };
    assert.deepEqual(readProxyHeader(header), found);
    assert.deepEqual(readProxyHeader(Buffer.concat([header, Buffer.from('\x10\r\n')])), found);
  });
}

test('refuses what is no header as soon as it shows', () => {
  const lines = [
    'GET / HTTP/1.1\r\n',
    'PROXX',
    '\x10\x0c\0\x04MQTT',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 01 1\r\n',
    'PROXY TCP4 ::1 ::1 1 1\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n',
    'PROXY TCP4  192.0.2.1 198.51.100.1 1 1\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.1 1 1 1\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.1 1 1\r\n',
    `PROXY UNKNOWN ${'x'.repeat(100)}`,
  ];
  for (const line of lines) {
    assert.throws(() => client(line), { code: 'ERR_PROXY_HEADER' }, line);
  }
  const others = [
    '11 00 0000',
    '31 00 0000',
    '22 00 0000',
    '21 12 000c',
    '21 11 000b',
    '20 00 fff0',
  ];
  for (const rest of others) {
    assert.throws(() => client(binary(rest)), { code: 'ERR_PROXY_HEADER' }, rest);
  }
});

test('names the client by its certificate, where the proxy has verified one', () => {
  const name = value(0x22, Buffer.from('device-7'));
  const ssl = (flags: string, verify: string, inner = name): string =>
    value(0x20, Buffer.from(flags + verify + inner, 'hex'));
  const authority = value(0x02, Buffer.from('broker.example'));
  const certificate = (values: string): unknown => client(withValues(values))?.peerCertificate;
  const expected = { subject: '', commonName: 'device-7', subjectAltNames: [], fingerprint256: '' };
  assert.deepEqual(certificate(authority + ssl('07', '00000000')), expected);
  assert.deepEqual(certificate(ssl('05', '00000000')), expected);
  assert.equal(certificate(ssl('01', '00000000')), undefined, 'none was shown');
  assert.equal(certificate(ssl('07', '00000001')), undefined, 'it was not verified');
  assert.equal(certificate(ssl('07', '00000000', '')), undefined, 'it has no name');
  for (const values of [
    '20',
    '200005',
    value(0x20, Buffer.from('0700', 'hex')),
    value(0x20, Buffer.from('0700000000220009ff', 'hex')),
    ssl('07', '00000000', value(0x22, Buffer.from('ff', 'hex'))),
  ]) {
    assert.throws(() => certificate(values), { code: 'ERR_PROXY_HEADER' }, values);
  }
});

test('whatever comes is a header, the beginning of one, or refused', () => {
  const start = fc.constantFrom(
    '',
    '50524f585920',
    signature,
    `${signature}2111`,
    `${signature}21210050`,
  );
  const bytes = fc.tuple(start, fc.uint8Array({ maxLength: 200 }));
  fc.assert(
    fc.property(bytes, ([head, tail]) => {
      const input = Buffer.concat([Buffer.from(head, 'hex'), tail]);
      try {
        const header = readProxyHeader(input);
        if (header === undefined) assert.ok(input.length < proxyHeaderBytesMax);
        else assert.ok(header.length <= input.length);
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ERR_PROXY_HEADER');
      }
    }),
    { seed: 7, numRuns: 2_000 },
  );
});
