/** What the schema of the admin listener cannot say, and how its tokens are read. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isLoopback } from '../loopback.ts';
import type { AdminConfig, AdminTokenConfig } from './config.ts';

const tokenLengthMin = 16;

interface AdminFault {
  /** Below `admin`. */
  readonly key: string;
  readonly message: string;
}

export function adminFaults({ host, port, tokens }: AdminConfig): readonly AdminFault[] {
  const faults = tokens.flatMap((token, at) =>
    tokenFaults(token).map(({ key, message }) => ({ key: `tokens.${at}${key}`, message })),
  );
  if (port !== undefined && tokens.length === 0 && !isLoopback(host)) {
    const message = `is ${JSON.stringify(host)}, which other machines reach; expected admin.tokens`;
    faults.push({ key: 'host', message });
  }
  return faults;
}

function tokenFaults(token: AdminTokenConfig): AdminFault[] {
  const { sha256, file, expires } = token;
  const faults: AdminFault[] = [];
  if ((sha256 === undefined) === (file === undefined)) {
    faults.push({ key: '', message: 'needs either sha256 or file' });
  }
  if (sha256 !== undefined && !/^[\da-f]{64}$/i.test(sha256)) {
    faults.push({ key: '.sha256', message: 'is not 64 hexadecimal digits' });
  }
  if (expires !== undefined && Number.isNaN(Date.parse(expires))) {
    faults.push({ key: '.expires', message: `is ${JSON.stringify(expires)}; expected a time` });
  }
  if (file !== undefined) {
    try {
      tokenHash(token);
    } catch (error) {
      faults.push({ key: '.file', message: (error as Error).message });
    }
  }
  return faults;
}

/**
 * SHA-256 of a token, in lower-case hexadecimal digits.
 * @throws Error when its file cannot be used
 */
export function tokenHash({ sha256, file = '' }: AdminTokenConfig): string {
  if (sha256 !== undefined) return sha256.toLowerCase();
  const text = textOf(file).trim();
  if (text.length < tokenLengthMin) {
    throw new Error(
      `is ${JSON.stringify(file)}; expected ${tokenLengthMin} characters or more in it`,
    );
  }
  return createHash('sha256').update(text).digest('hex');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`is ${JSON.stringify(file)}, which cannot be read (${code})`);
  }
}
