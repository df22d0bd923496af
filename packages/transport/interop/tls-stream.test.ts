import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { connect as connectSecure } from 'node:tls';
import type { ByteStream } from '../src/byte-stream.ts';
import { byteStreamContract, type StreamPair } from '../src/contract.ts';
import { HeldClock } from '../src/held-clock.ts';
import { certificatesMissing, testCertificates } from '../src/test-certificates.ts';
import type { TlsServerOptions } from '../src/tls-acceptor.ts';
import { connectTls, type TlsClientOptions } from '../src/tls-connect.ts';
import { listenTls, type TlsListener } from '../src/tls-listener.ts';

const host = '127.0.0.1';
const missing = await certificatesMissing();

suite('tls', { skip: missing }, async () => {
  if (missing !== false) return;
  const { ca, server, sign } = await testCertificates();
  const tls: TlsServerOptions = { certificates: [server] };

  async function tlsPair(
    serverOptions: Partial<TlsServerOptions> = {},
    clientOptions: TlsClientOptions = {},
  ): Promise<StreamPair> {
    const accepted = Promise.withResolvers<ByteStream>();
    const options = { host, port: 0, tls: { ...tls, ...serverOptions } };
    const listener = await listenTls(options, accepted.resolve);
    const { port } = listener;
    const near = await connectTls({ host, port, tls: { ca, ...clientOptions } });
    return { near, far: await accepted.promise, close: () => listener.close() };
  }

  byteStreamContract('tls, from the client', tlsPair);
  byteStreamContract('tls, from the server', async () => {
    const { near, far, close } = await tlsPair();
    return { near: far, far: near, close };
  });

  async function commonNameSeen(listener: TlsListener, serverName: string): Promise<unknown> {
    const { port } = listener;
    const stream = await connectTls({ host, port, tls: { ca, serverName } });
    stream.destroy();
    return stream.peerCertificate?.commonName;
  }

  test('knows its peers', async () => {
    const { near, far, close } = await tlsPair();
    assert.deepEqual([near.kind, far.kind], ['tls', 'tls']);
    assert.equal(far.remoteAddress, host);
    assert.equal(far.peerCertificate, undefined);
    const names = ['DNS:localhost', 'IP Address:127.0.0.1'];
    assert.deepEqual(near.peerCertificate?.subjectAltNames, names);
    near.destroy();
    far.destroy();
    await close();
  });

  test('shows the certificate of a client, when it is trusted', async () => {
    const device = await sign('device-7', ['URI:urn:device:7', 'DNS:device-7.example']);
    const strangers = await testCertificates();
    const asked = { requestClientCert: true, ca };
    const trusted = await tlsPair(asked, device);
    const { subject, commonName, subjectAltNames, fingerprint256 } =
      trusted.far.peerCertificate ?? {};
    assert.equal(subject, 'CN=device-7');
    assert.equal(commonName, 'device-7');
    assert.deepEqual(subjectAltNames, ['URI:urn:device:7', 'DNS:device-7.example']);
    assert.match(fingerprint256 ?? '', /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const untrusted = await tlsPair({ ...asked, rejectUnauthorized: false }, strangers.server);
    assert.equal(untrusted.far.peerCertificate, undefined);
    for (const { near, far, close } of [trusted, untrusted]) {
      near.destroy();
      far.destroy();
      await close();
    }
  });

  test('a handshake that fails costs its own connection only', async () => {
    const accepted = Promise.withResolvers<ByteStream>();
    const addresses: string[] = [];
    const onHandshakeError = (_error: Error, address: string): void => {
      addresses.push(address);
    };
    const strict = { ...tls, requestClientCert: true, ca };
    const options = { host, port: 0, tls: strict, onHandshakeError };
    const listener = await listenTls(options, accepted.resolve);
    const { port } = listener;
    const plain = connect(port, host).resume();
    plain.on('error', () => {});
    plain.write('GET / HTTP/1.1\r\n\r\n');
    await once(plain, 'close');
    assert.deepEqual(addresses, [host]);
    await assert.rejects(connectTls({ host, port }), { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    const old = connectSecure({ host, port, ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' });
    await assert.rejects(once(old, 'secureConnect'));
    const near = await connectTls({ host, port, tls: { ca, ...(await sign('late')) } });
    const far = await accepted.promise;
    near.destroy();
    far.destroy();
    await listener.close();
  });

  test('refuses a client without a certificate where one is asked for', async () => {
    const listener = await listenTls(
      { host, port: 0, tls: { ...tls, requestClientCert: true, ca } },
      () => assert.fail('was let in'),
    );
    // With TLS 1.3 the client is done before the server looks at its certificate.
    const stream = await connectTls({ host, port: listener.port, tls: { ca } });
    await new Promise<Error | null>(onClose => {
      stream.open({ onData() {}, onEnd: () => stream.end(), onDrain() {}, onClose });
    });
    await listener.close();
  });

  test('a client that does not begin is closed', async () => {
    const clock = new HeldClock();
    const errors: string[] = [];
    const onHandshakeError = ({ message }: Error): void => void errors.push(message);
    const listener = await listenTls(
      { host, port: 0, tls, clock, handshakeTimeoutMs: 20, onHandshakeError },
      () => assert.fail('was let in'),
    );
    const silent = connect(listener.port, host).resume();
    const closed = once(silent, 'close');
    await clock.set(1);
    clock.expire();
    await closed;
    assert.deepEqual(errors, ['had not finished after 20 ms']);
    await listener.close();
  });

  test('speaks mqtt to who asks, and nothing to who asks for something else', async () => {
    const { near, far, close } = await tlsPair();
    near.destroy();
    far.destroy();
    await close();
    const listener = await listenTls({ host, port: 0, tls }, stream => stream.destroy());
    const { port } = listener;
    const asking = connectSecure({ host, port, ca, ALPNProtocols: ['mqtt'] });
    asking.on('error', () => {});
    await once(asking, 'secureConnect');
    assert.equal(asking.alpnProtocol, 'mqtt');
    asking.destroy();
    const other = connectSecure({ host, port, ca, ALPNProtocols: ['http/1.1'] });
    await assert.rejects(once(other, 'secureConnect'), /no application protocol/);
    await listener.close();
  });

  test('shows the certificate for the name that is asked for, and others after an update', async () => {
    const wild = await sign('wild', ['DNS:*.example.com']);
    const renewed = await sign('renewed', ['DNS:localhost']);
    const streams: ByteStream[] = [];
    const listener = await listenTls(
      { host, port: 0, tls: { certificates: [server, wild] } },
      stream => streams.push(stream),
    );
    assert.equal(await commonNameSeen(listener, 'a.example.com'), 'wild');
    assert.equal(await commonNameSeen(listener, 'localhost'), 'localhost');
    const stays = await connectTls({ host, port: listener.port, tls: { ca } });
    const broken = { certificates: [{ ...renewed, key: wild.key }] };
    assert.throws(() => listener.updateSecureContext(broken), /key values mismatch/);
    assert.throws(() => listener.updateSecureContext({ certificates: [] }), RangeError);
    assert.equal(await commonNameSeen(listener, 'localhost'), 'localhost');
    listener.updateSecureContext({ certificates: [renewed] });
    assert.equal(await commonNameSeen(listener, 'localhost'), 'renewed');
    const received = new Promise<number>(resolve => {
      stays.open({ onData: chunk => resolve(chunk[0]), onEnd() {}, onDrain() {}, onClose() {} });
    });
    for (const stream of streams) stream.write(Uint8Array.of(7));
    assert.equal(await received, 7);
    stays.destroy();
    for (const stream of streams) stream.destroy();
    await listener.close();
  });
});
