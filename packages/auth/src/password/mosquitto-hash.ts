/**
 * What mosquitto_passwd writes: `$7$101$salt$hash`, PBKDF2 with SHA-512, and of old `$6$salt$hash`,
 * SHA-512 of password and salt. Read, never written: both are quick to guess from.
 */
import { createHash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const base64 = '([A-Za-z0-9+/]+={0,2})';
const salted = new RegExp(`^\\$6\\$${base64}\\$${base64}$`);
const derived = new RegExp(`^\\$7\\$(\\d{1,8})\\$${base64}\\$${base64}$`);
const hashBytes = 64;
const iterationsMax = 10_000_000;

/** What checks passwords against a stored hash; null where `text` is none, or costs too much. */
export function mosquittoCheck(text: string): ((password: Uint8Array) => Promise<boolean>) | null {
  const [, salt6, hash6] = salted.exec(text) ?? [];
  if (salt6 !== undefined) {
    const expected = Buffer.from(hash6, 'base64');
    const salt = Buffer.from(salt6, 'base64');
    if (expected.length !== hashBytes) return null;
    return async password =>
      timingSafeEqual(createHash('sha512').update(password).update(salt).digest(), expected);
  }
  const [, count, salt7, hash7] = derived.exec(text) ?? [];
  if (count === undefined) return null;
  const expected = Buffer.from(hash7, 'base64');
  const salt = Buffer.from(salt7, 'base64');
  const iterations = Number(count);
  if (expected.length !== hashBytes || iterations < 1 || iterations > iterationsMax) return null;
  return async password =>
    timingSafeEqual(await derive(password, salt, iterations, hashBytes, 'sha512'), expected);
}
