/** Argon2id (RFC 9106) as password files have it: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. */
import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { type Random, systemRandom } from '@godwit/runtime';

export interface Argon2Parameters {
  /** KiB of memory that one check takes; 8 to 1,048,576. */
  readonly memoryKiB: number;
  /** Passes over that memory; 1 to 100. */
  readonly passes: number;
  /** 1 to 16. */
  readonly parallelism: number;
}

/** About 20 ms of one processor core. */
const defaults: Argon2Parameters = { memoryKiB: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const hashBytes = 32;
const version = 19;

const derive = promisify(argon2);
const form = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/-]+)\$([\w+/-]+)$/;

/** A password's hash, as it is stored, with a salt of its own. */
export async function argon2Hash(
  password: string | Uint8Array,
  parameters: Partial<Argon2Parameters> = {},
  random: Random = systemRandom,
): Promise<string> {
  const used = { ...defaults, ...parameters };
  const salt = random.bytes(saltBytes);
  const hash = await hashed(password, salt, used, hashBytes);
  const { memoryKiB: m, passes: t, parallelism: p } = used;
  return `$argon2id$v=${version}$m=${m},t=${t},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** What checks passwords against a stored hash; null where `text` is none, or costs too much. */
export function argon2Check(text: string): ((password: Uint8Array) => Promise<boolean>) | null {
  const [whole, m, t, p, salt64, hash64] = form.exec(text) ?? [];
  if (whole === undefined) return null;
  const parameters = { memoryKiB: Number(m), passes: Number(t), parallelism: Number(p) };
  const salt = Buffer.from(salt64, 'base64');
  const expected = Buffer.from(hash64, 'base64');
  const { memoryKiB, passes, parallelism } = parameters;
  const isInRange =
    parallelism >= 1 &&
    parallelism <= 16 &&
    memoryKiB >= 8 * parallelism &&
    memoryKiB <= 1_048_576 &&
    passes >= 1 &&
    passes <= 100;
  if (!isInRange || salt.length < 8 || expected.length < 16 || expected.length > 64) return null;
  return async password =>
    timingSafeEqual(await hashed(password, salt, parameters, expected.length), expected);
}

function hashed(
  message: string | Uint8Array,
  nonce: Uint8Array,
  { memoryKiB: memory, passes, parallelism }: Argon2Parameters,
  tagLength: number,
): Promise<Buffer> {
  return derive('argon2id', { message, nonce, memory, passes, parallelism, tagLength });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}
