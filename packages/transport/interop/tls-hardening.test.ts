/** Whom TLS refuses, and what it withholds from everybody. */
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { connect as connectSecure, type TLSSocket } from 'node:tls';
import type { ByteStream } from '../src/byte-stream.ts';
import { certificatesMissing, testCertificates } from '../src/test-certificates.ts';
import type { TlsCertificate, TlsServerOptions } from '../src/tls-acceptor.ts';
import { connectTls } from '../src/tls-connect.ts';
import { listenTls, type TlsListener } from '../src/tls-listener.ts';

const host = '127.0.0.1';
const missing = await certificatesMissing();

interface Served extends AsyncDisposable {
  readonly listener: TlsListener;
  readonly errors: string[];
  /** Resolves at the next connection, or to why it was refused. */
  outcome(): Promise<ByteStream | string>;
}

async function served(tls: TlsServerOptions, handshakesMax?: number): Promise<Served> {
  const errors: string[] = [];
  const streams: ByteStream[] = [];
  let settle = (_outcome: ByteStream | string): void => {};
  const onHandshakeError = ({ message }: Error): void => {
    errors.push(message);
    settle(message);
  };
  const options = { host, port: 0, tls, handshakesMax, onHandshakeError };
  const listener = await listenTls(options, stream => {
    streams.push(stream);
    settle(stream);
  });
  return {
    listener,
    errors,
    outcome: () =>
      new Promise(resolve => {
        settle = resolve;
      }),
    async [Symbol.asyncDispose]() {
      for (const stream of streams) stream.destroy();
      await listener.close();
    },
  };
}

suite('TLS', { skip: missing }, async () => {
  if (missing !== false) return;
  const { ca, server, sign, revoke, ocspResponse } = await testCertificates();
  const strict = { certificates: [server], requestClientCert: true, ca };

  /** What the listener makes of a client with this certificate. */
  async function presented(at: Served, own: TlsCertificate, session?: Buffer): Promise<string> {
    const outcome = at.outcome();
    const { port } = at.listener;
    const socket = connectSecure({ host, port, ca, cert: own.cert, key: own.key, session });
    socket.on('error', () => {});
    const found = await outcome;
    socket.destroy();
    return typeof found === 'string' ? found : (found.peerCertificate?.commonName ?? 'nobody');
  }

  test('refuses clients whose certificate has expired or is not of the authority', async () => {
    await using at = await served(strict);
    const strangers = await testCertificates();
    assert.equal(await presented(at, await sign('good')), 'good');
    const expired = await presented(at, await sign('late', [], -1));
    assert.match(expired, /CERT_HAS_EXPIRED/);
    assert.match(await presented(at, strangers.server), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  });

  test('refuses who is on the list, and everybody where a list is lacking', async () => {
    const [good, bad] = [await sign('good'), await sign('bad')];
    await using at = await served({ ...strict, crl: [await revoke([bad])] });
    assert.equal(await presented(at, good), 'good');
    assert.match(await presented(at, bad), /CERT_REVOKED/);
    const { revoke: revokeElsewhere } = await testCertificates();
    at.listener.updateSecureContext({ ...strict, crl: [await revokeElsewhere([])] });
    assert.match(await presented(at, good), /CRL_SIGNATURE_FAILURE/);
    assert.throws(() => at.listener.updateSecureContext({ ...strict, crl: ['no list'] }), /CRL/);
  });

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version}: a session from before the list is not resumed`, async () => {
      const bad = await sign('bad');
      await using at = await served(strict);
      const { port } = at.listener;
      const wishes = { host, port, ca, cert: bad.cert, key: bad.key, maxVersion: version };
      const first = connectSecure(wishes);
      const [session] = await once(first, 'session');
      first.destroy();
      const outcome = at.outcome();
      const second = connectSecure({ ...wishes, session });
      await once(second, 'secureConnect');
      await outcome;
      assert.equal(second.isSessionReused(), true);
      second.destroy();
      at.listener.updateSecureContext({ ...strict, crl: [await revoke([bad])] });
      assert.match(await presented(at, bad, session), /CERT_REVOKED/);
    });
  }

  test('a client tells a server whose certificate has expired, is for another name or not trusted', async () => {
    const certificates = {
      CERT_HAS_EXPIRED: await sign('old', ['IP:127.0.0.1'], -1),
      ERR_TLS_CERT_ALTNAME_INVALID: await sign('other', ['DNS:other.example']),
      UNABLE_TO_VERIFY_LEAF_SIGNATURE: (await testCertificates()).server,
    };
    for (const [code, certificate] of Object.entries(certificates)) {
      await using at = await served({ certificates: [certificate] });
      await assert.rejects(connectTls({ host, port: at.listener.port, tls: { ca } }), { code });
    }
  });

  test('shows what the authority says of the certificate, to clients that ask', async () => {
    const response = await ocspResponse(server);
    const wild = await sign('wild', ['DNS:wild.example']);
    await using at = await served({ certificates: [{ ...server, ocspResponse: response }, wild] });
    const asked = async (servername: string): Promise<Buffer | null> => {
      const { port } = at.listener;
      const socket = connectSecure({ host, port, ca, servername, requestOCSP: true });
      const [found] = await once(socket, 'OCSPResponse');
      socket.destroy();
      return found;
    };
    assert.deepEqual(await asked('localhost'), response);
    assert.equal((await asked('wild.example'))?.length ?? 0, 0);
  });

  test('speaks no cipher and no curve but those it was given', async () => {
    const ciphers = 'ECDHE-ECDSA-AES256-GCM-SHA384';
    await using at = await served({ certificates: [server], ciphers, curves: 'P-384' });
    const { port } = at.listener;
    const tried = async (wishes: object): Promise<TLSSocket> => {
      const socket = connectSecure({ host, port, ca, maxVersion: 'TLSv1.2', ...wishes });
      await once(socket, 'secureConnect');
      return socket;
    };
    const socket = await tried({});
    const info = socket.getEphemeralKeyInfo() as { name?: string };
    assert.deepEqual([socket.getCipher().name, info.name], [ciphers, 'secp384r1']);
    socket.destroy();
    await assert.rejects(tried({ ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }));
    await assert.rejects(tried({ ecdhCurve: 'X25519' }));
  });

  test('does not negotiate again', async () => {
    await using at = await served({ certificates: [server] });
    const outcome = at.outcome();
    const args = ['s_client', '-tls1_2', '-connect', `${host}:${at.listener.port}`];
    const client = spawn('openssl', args, { stdio: 'pipe' });
    client.stdout.resume();
    client.stderr.setEncoding('utf8');
    let said = '';
    client.stderr.on('data', text => {
      said += text;
    });
    const stream = await outcome;
    assert.ok(typeof stream !== 'string');
    // A line that begins with R asks for it.
    client.stdin.write('R\n');
    await once(client, 'close');
    assert.match(said, /RENEGOTIATING/);
    assert.match(said, /no renegotiation/);
  });

  test('many that do not begin cost the oldest of them, and nobody else', async () => {
    await using at = await served({ certificates: [server] }, 8);
    const { port } = at.listener;
    const silent: Socket[] = [];
    for (let count = 0; count < 20; count += 1) {
      const socket = connect(port, host).resume();
      socket.on('error', () => {});
      await once(socket, 'connect');
      silent.push(socket);
    }
    const near = await connectTls({ host, port, tls: { ca } });
    assert.equal(at.errors.length, 13);
    near.destroy();
    for (const socket of silent) socket.destroy();
  });
});
