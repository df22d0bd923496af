/**
 * A password file: a line `name:hash` for each user. Reads and edits its text; the file itself is
 * the caller's. Of the hashes it knows which there are, not how they work.
 */
import { FileFaultError, type LineFault } from '../file-fault-error.ts';
import { argon2Check } from './argon2-hash.ts';
import { mosquittoCheck } from './mosquitto-hash.ts';
import { matchesScram, type StoredScram, storedScram } from './scram-hash.ts';

/** One user. */
export interface User {
  /** As it stands in the file. */
  readonly hash: string;
  /** For enhanced authentication, where the hash is of that kind. */
  readonly scram: StoredScram | null;
  /** Off the main thread, as far as it takes long. */
  check(password: Uint8Array): Promise<boolean>;
}

const usersMax = 1_000_000;
const nameBytesMax = 65_535;

/**
 * Users by name. Lines that are empty or begin with `#` are passed over.
 * @param file its name, for errors
 * @throws FileFaultError
 */
export function parseUsers(file: string, text: string): ReadonlyMap<string, User> {
  const users = new Map<string, User>();
  const faults: LineFault[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [name, hash] = partsOf(line);
    const user = name === '' ? null : userOf(hash);
    // Never the line itself: it may hold a password.
    const message =
      user === null
        ? 'expected name:hash, as godwit passwd and mosquitto_passwd write it'
        : users.has(name)
          ? `a second line of user ${JSON.stringify(name)}`
          : users.size === usersMax
            ? `more than ${usersMax} users`
            : '';
    if (message === '') users.set(name, user!);
    else faults.push({ line: index + 1, message });
    if (users.size === usersMax && message !== '') break;
  }
  if (faults.length > 0) throw new FileFaultError(file, faults);
  return users;
}

/** The text with a user added at its end, or given another hash where it stands. */
export function withUser(text: string, name: string, hash: string): string {
  const lines = linesOf(text);
  const at = lines.findIndex(line => partsOf(line)[0] === name);
  lines[at < 0 ? lines.length : at] = `${name}:${hash}`;
  return `${lines.join('\n')}\n`;
}

/** The text without a user; null where there is none of this name. */
export function withoutUser(text: string, name: string): string | null {
  const lines = linesOf(text);
  const others = lines.filter(line => partsOf(line)[0] !== name);
  if (others.length === lines.length) return null;
  return others.map(line => `${line}\n`).join('');
}

/** What is wrong with a name for a password file; null where nothing is. */
export function userNameFault(name: string): string | null {
  if (name === '') return 'is empty';
  if (Buffer.byteLength(name) > nameBytesMax) return `has more than ${nameBytesMax} bytes`;
  if (name.startsWith('#')) return 'begins with #, as a comment does';
  return /[:\p{Cc}]/u.test(name) ? 'has a colon or a control character' : null;
}

function userOf(hash: string): User | null {
  const scram = storedScram(hash);
  if (scram !== null) return { hash, scram, check: password => matchesScram(scram, password) };
  const check = argon2Check(hash) ?? mosquittoCheck(hash);
  return check === null ? null : { hash, scram: null, check };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function partsOf(line: string): [name: string, hash: string] {
  const colon = line.indexOf(':');
  return colon < 0 ? ['', ''] : [line.slice(0, colon), line.slice(colon + 1).trimEnd()];
}
