/**
 * Certificates for tests: an authority of its own, servers and clients that it has signed. Made by
 * `openssl`, because Node cannot make any; what is on disk meanwhile is removed.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TlsCertificate } from './tls-acceptor.ts';

const run = promisify(execFile);

/** Makes a certificate, valid from now. */
export type Sign = (commonName: string, altNames?: readonly string[]) => Promise<TlsCertificate>;

/** What tests of TLS need. */
export interface TestCertificates {
  /** The authority's certificate, in PEM. */
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: TlsCertificate;
  /** More, as `sign('device-7', ['URI:urn:device:7'])`. */
  readonly sign: Sign;
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
    const sign: Sign = (commonName, altNames) => signed(authority, commonName, altNames);
    const server = await sign('localhost', ['DNS:localhost', 'IP:127.0.0.1']);
    return { ca: authority.cert, server, sign };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function signed(
  authority: TlsCertificate,
  commonName: string,
  altNames: readonly string[] = [],
): Promise<TlsCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-certificates-'));
  try {
    await writeFile(join(folder, 'ca.crt'), authority.cert);
    await writeFile(join(folder, 'ca.key'), authority.key);
    const names = altNames.length === 0 ? [] : ['-addext', `subjectAltName=${altNames.join()}`];
    const by = ['-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')];
    const constraints = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    return await made(folder, ['-subj', `/CN=${commonName}`, ...by, ...constraints, ...names]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function made(folder: string, args: readonly string[]): Promise<TlsCertificate> {
  const [cert, key] = [join(folder, 'own.crt'), join(folder, 'own.key')];
  const fresh = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const files = ['-days', '30', '-out', cert, '-keyout', key];
  await run('openssl', ['req', ...fresh, ...files, ...args]);
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}
