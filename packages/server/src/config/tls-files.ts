/** Reads the files of a listener that speaks TLS, at its start and whenever they are read again. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsCertificate, TlsCredentials } from '@godwit/transport/node';
import type { CertificateConfig, ListenerConfig } from './config.ts';

/** A file cannot be used. */
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
 * @throws FileError for the first file that cannot be read, is not in PEM, or does not fit
 */
export function credentialsOf(listener: ListenerConfig): TlsCredentials {
  const { cert = '', key = '', moreCertificates = [], ca } = listener;
  return {
    certificates: [
      certificateOf({ cert, key }, ''),
      ...moreCertificates.map((pair, at) => certificateOf(pair, `moreCertificates.${at}.`)),
    ],
    ...(ca !== undefined && { ca: certificateText(ca, 'ca') }),
  };
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
  return { cert, key };
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
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new FileError(key, `is ${shown(file)}, which ${why}`);
  }
}

function shown(file: string): string {
  return JSON.stringify(file);
}
