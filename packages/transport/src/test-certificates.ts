/**
 * Certificates for tests: an authority of its own, servers and clients that it has signed. Made by
 * `openssl`, because Node cannot make any; what is on disk meanwhile is removed.
 */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TlsCertificate } from './tls-acceptor.ts';

const run = promisify(execFile);

/** Makes a certificate, valid from now for `days`: with -1 it has expired. */
export type Sign = (
  commonName: string,
  altNames?: readonly string[],
  days?: number,
) => Promise<TlsCertificate>;

/** What tests of TLS need. */
export interface TestCertificates {
  /** The authority's certificate, in PEM. */
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: TlsCertificate;
  /** More, as `sign('device-7', ['URI:urn:device:7'])`. */
  readonly sign: Sign;
  /** The authority's list of those that it has revoked, in PEM. */
  readonly revoke: (revoked: readonly TlsCertificate[]) => Promise<string>;
  /** What the authority says of a certificate when asked (OCSP), in DER. */
  readonly ocspResponse: (certificate: TlsCertificate) => Promise<Buffer>;
}

const missing = 'openssl, version 3, is not installed';

/** Why there can be none, or false. @throws Error in CI, where nothing may be missing */
export async function certificatesMissing(): Promise<string | false> {
  const { stdout } = await run('openssl', ['version']).catch(() => ({ stdout: '' }));
  if (/^OpenSSL [3-9]/.test(stdout)) return false;
  if (process.env.CI !== undefined) throw new Error(missing);
  return missing;
}

/** A fresh authority, and what it has signed. */
export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-certificates-'));
  try {
    const authority = await made(folder, ['-subj', '/CN=Test authority']);
    const sign: Sign = (commonName, altNames, days) =>
      signed(authority, commonName, altNames, days);
    const server = await sign('localhost', ['DNS:localhost', 'IP:127.0.0.1']);
    const revoke = (revoked: readonly TlsCertificate[]): Promise<string> =>
      listed(authority, revoked);
    const ocspResponse = (certificate: TlsCertificate): Promise<Buffer> =>
      responded(authority, certificate);
    return { ca: authority.cert, server, sign, revoke, ocspResponse };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs `use` in a folder that has the authority's files, which is removed afterwards. */
async function withAuthority<T>(
  authority: TlsCertificate,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-certificates-'));
  try {
    await writeFile(join(folder, 'ca.crt'), authority.cert);
    await writeFile(join(folder, 'ca.key'), authority.key);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function signed(
  authority: TlsCertificate,
  commonName: string,
  altNames: readonly string[] = [],
  days: number = daysDefault,
): Promise<TlsCertificate> {
  return withAuthority(authority, async folder => {
    const [request, cert] = [join(folder, 'own.csr'), join(folder, 'own.crt')];
    const names = altNames.length === 0 ? [] : [`subjectAltName=${altNames.join()}`];
    const extensions = ['basicConstraints=critical,CA:FALSE', ...names];
    const added = extensions.flatMap(extension => ['-addext', extension]);
    const subject = ['-subj', `/CN=${commonName}`];
    const key = await withKey(folder, [...subject, ...added, '-out', request]);
    const by = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')];
    const wishes = ['-copy_extensions', 'copyall', '-days', `${days}`, '-out', cert];
    await run('openssl', ['x509', '-req', '-in', request, ...by, ...wishes]);
    return { cert: await readFile(cert, 'utf8'), key };
  });
}

const daysDefault = 30;

async function made(folder: string, args: readonly string[]): Promise<TlsCertificate> {
  const cert = join(folder, 'own.crt');
  const key = await withKey(folder, ['-x509', '-days', `${daysDefault}`, '-out', cert, ...args]);
  return { cert: await readFile(cert, 'utf8'), key };
}

/** Makes a key, and with it what `args` ask for. */
async function withKey(folder: string, args: readonly string[]): Promise<string> {
  const key = join(folder, 'own.key');
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  await run('openssl', ['req', ...fresh, ...args]);
  return await readFile(key, 'utf8');
}

function listed(authority: TlsCertificate, revoked: readonly TlsCertificate[]): Promise<string> {
  return withAuthority(authority, async folder => {
    await writeDatabase(folder, revoked, 'R');
    const config = `[ca]\ndefault_ca=a\n[a]\ndatabase=${join(folder, 'index')}\ndefault_md=sha256\n`;
    await writeFile(join(folder, 'ca.conf'), config);
    const by = ['-cert', join(folder, 'ca.crt'), '-keyfile', join(folder, 'ca.key')];
    const list = join(folder, 'list.crl');
    const settings = ['-config', join(folder, 'ca.conf'), '-crldays', '30'];
    await run('openssl', ['ca', '-gencrl', ...settings, ...by, '-out', list]);
    return await readFile(list, 'utf8');
  });
}

function responded(authority: TlsCertificate, certificate: TlsCertificate): Promise<Buffer> {
  return withAuthority(authority, async folder => {
    await writeDatabase(folder, [certificate], 'V');
    await writeFile(join(folder, 'own.crt'), certificate.cert);
    const [ca, key] = [join(folder, 'ca.crt'), join(folder, 'ca.key')];
    const question = join(folder, 'question.der');
    const answer = join(folder, 'answer.der');
    const about = ['-issuer', ca, '-cert', join(folder, 'own.crt')];
    await run('openssl', ['ocsp', ...about, '-no_nonce', '-reqout', question]);
    const by = ['-index', join(folder, 'index'), '-CA', ca, '-rsigner', ca, '-rkey', key];
    const files = ['-reqin', question, '-respout', answer, '-ndays', '30'];
    await run('openssl', ['ocsp', ...by, ...files]);
    return await readFile(answer);
  });
}

/** As `openssl ca` keeps it: state, end, when revoked, serial number, file, subject. */
async function writeDatabase(
  folder: string,
  certificates: readonly TlsCertificate[],
  state: 'R' | 'V',
): Promise<void> {
  const revoked = state === 'R' ? '250101000000Z' : '';
  const lines = certificates.map(({ cert }) => {
    const { serialNumber } = new X509Certificate(cert);
    return [state, '491231235959Z', revoked, serialNumber, 'unknown', '/CN=any'].join('\t');
  });
  await writeFile(join(folder, 'index'), lines.map(line => `${line}\n`).join(''));
}
