/** Reads the files of a listener that speaks TLS, at its start and whenever they are read again. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsCertificate, TlsCredentials } from '@godwit/transport/node';
import type { CertificateConfig, ListenerConfig } from './config.ts';

/** More than the longest list of a public authority; what is read is held in memory. */
const fileBytesMax = 64 * 1024 * 1024;

/** A file, or a list of names, cannot be used. */
export class FileError extends Error {
  /** Path of the configuration's key below the listener, as `cert`, `moreCertificates.0.key`. */
  readonly key: string;
  /** The file and what is wrong with it; goes on from the key. */
  readonly fault: string;

  constructor(key: string, fault: string) {
    super(`${key} ${fault}`);
    this.name = 'FileError';
    this.key = key;
    this.fault = fault;
  }
}

/**
 * @param listener that has `cert` and `key`
 * @throws FileError for the first file that cannot be read, is not what it should be, or does not
 *   fit, and for ciphers and curves that OpenSSL does not know
 */
export function credentialsOf(listener: ListenerConfig): TlsCredentials {
  const { cert = '', key = '', ocspResponse, moreCertificates = [], ca, crl } = listener;
  checkNames(listener);
  return {
    certificates: [
      certificateOf({ cert, key, ocspResponse }, ''),
      ...moreCertificates.map((pair, at) => certificateOf(pair, `moreCertificates.${at}.`)),
    ],
    ...(ca !== undefined && { ca: certificateText(ca, 'ca') }),
    ...(crl !== undefined && { crl: crl.map((file, at) => listText(file, `crl.${at}`)) }),
  };
}

/** All files that {@link credentialsOf} reads. */
export function tlsFilesOf(listener: ListenerConfig): readonly string[] {
  const { cert, key, ocspResponse, moreCertificates = [], ca, crl = [] } = listener;
  const pairs = [{ cert, key, ocspResponse }, ...moreCertificates];
  const files = pairs.flatMap(pair => [pair.cert, pair.key, pair.ocspResponse]);
  return [...files, ca, ...crl].filter(file => file !== undefined);
}

function checkNames({ ciphers, curves }: ListenerConfig): void {
  const refused = (key: string, value = ''): void => {
    throw new FileError(key, `is ${shown(value)}, of which OpenSSL knows nothing`);
  };
  try {
    createSecureContext({ ciphers });
  } catch {
    refused('ciphers', ciphers);
  }
  try {
    createSecureContext({ ecdhCurve: curves });
  } catch {
    refused('curves', curves);
  }
}

function certificateOf(files: CertificateConfig, prefix: string): TlsCertificate {
  const cert = certificateText(files.cert, `${prefix}cert`);
  const key = textOf(files.key, `${prefix}key`);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isForeign = code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    const why = isForeign ? `is not the key of ${files.cert}` : 'is no key in PEM without password';
    throw new FileError(`${prefix}key`, `is ${shown(files.key)}, which ${why}`);
  }
  if (files.ocspResponse === undefined) return { cert, key };
  return { cert, key, ocspResponse: responseOf(files.ocspResponse, `${prefix}ocspResponse`) };
}

/** A sequence, the first element of which says in one byte that the answer is one: 0, successful. */
function responseOf(file: string, key: string): Buffer {
  const bytes = bytesOf(file, key);
  const isLong = bytes[1] > 0x80;
  const status = isLong ? 2 + (bytes[1] & 0x7f) : 2;
  const isSuccess = bytes.subarray(status, status + 3).equals(Buffer.from([0x0a, 1, 0]));
  if (bytes[0] === 0x30 && isSuccess) return bytes;
  throw new FileError(key, `is ${shown(file)}, which is no successful OCSP response in DER`);
}

function listText(file: string, key: string): string {
  const text = textOf(file, key);
  try {
    createSecureContext({ crl: text });
    return text;
  } catch {
    throw new FileError(key, `is ${shown(file)}, which is no CRL in PEM`);
  }
}

function certificateText(file: string, key: string): string {
  const text = textOf(file, key);
  try {
    return new X509Certificate(text) && text;
  } catch {
    throw new FileError(key, `is ${shown(file)}, which is no certificate in PEM`);
  }
}

function textOf(file: string, key: string): string {
  return bytesOf(file, key).toString('utf8');
}

function bytesOf(file: string, key: string): Buffer {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= fileBytesMax) return bytes;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new FileError(key, `is ${shown(file)}, which ${why}`);
  }
  throw new FileError(key, `is ${shown(file)}, which has more than ${fileBytesMax} bytes`);
}

function shown(file: string): string {
  return JSON.stringify(file);
}
