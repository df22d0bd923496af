/**
 * Knows users from a password file: by the password in CONNECT, and by SCRAM. A name that nobody
 * has is checked like one that somebody has, so that both take the same time.
 */
import { readFile } from 'node:fs/promises';
import type { AuthMethod, ConnectRequest } from '@godwit/broker';
import { type Random, systemRandom } from '@godwit/runtime';
import type { Authenticator, Verdict } from '../chain/authenticator.ts';
import type { Gate } from '../chain/gate.ts';
import { Identity } from '../identity.ts';
import { type ScramHash, scramHashes } from '../scram/scram-credential.ts';
import { scramMethod } from '../scram/scram-method.ts';
import { parseUsers, type User } from './user-file.ts';

const noPassword: Verdict = { verdict: 'ignore', why: 'no user name and password' };
const unknown: Verdict = { verdict: 'ignore', why: 'no such user' };
const wrong: Verdict = { verdict: 'deny', why: 'wrong password' };

export class PasswordAuthenticator implements Authenticator {
  readonly name: string;
  readonly authMethods: readonly AuthMethod[];
  readonly #file: string;
  readonly #gate: Gate;
  #users: ReadonlyMap<string, User>;
  /** Hashes that names which nobody has are checked against. */
  #decoys: readonly User[];

  /**
   * @param gate bounds the checks
   * @throws Error when the file cannot be read, FileFaultError when it cannot be understood
   */
  static async open(
    file: string,
    gate: Gate,
    random: Random = systemRandom,
  ): Promise<PasswordAuthenticator> {
    const authenticator = new PasswordAuthenticator(file, gate, random);
    await authenticator.reload();
    return authenticator;
  }

  private constructor(file: string, gate: Gate, random: Random) {
    this.name = `password ${file}`;
    this.#file = file;
    this.#gate = gate;
    this.#users = new Map();
    this.#decoys = [];
    const names = Object.keys(scramHashes) as ScramHash[];
    this.authMethods = names.map(hash => this.#scram(hash, random));
  }

  async reload(): Promise<void> {
    this.#users = parseUsers(this.#file, await readFile(this.#file, 'utf8'));
    this.#decoys = Array.from(this.#users.values()).slice(0, 1024);
  }

  async authenticate({ username, password }: ConnectRequest): Promise<Verdict> {
    if (username === undefined || password === undefined) return noPassword;
    const user = this.#users.get(username);
    const checked = user ?? this.#decoy(username);
    if (checked === undefined) return unknown;
    const isRight = await this.#gate.run(() => checked.check(password));
    if (user === undefined) return unknown;
    return isRight ? { verdict: 'allow', stillHolds: this.#stillHolds(username, user) } : wrong;
  }

  /** The same for a name each time, of a kind that users really have. */
  #decoy(username: string): User | undefined {
    let sum = 0;
    for (let i = 0; i < username.length; i += 1) sum = (sum * 31 + username.charCodeAt(i)) >>> 0;
    return this.#decoys[sum % this.#decoys.length];
  }

  #stillHolds(username: string, { hash }: User): () => boolean {
    return () => this.#users.get(username)?.hash === hash;
  }

  #scram(hash: ScramHash, random: Random): AuthMethod {
    const userOf = (username: string): User | undefined => {
      const user = this.#users.get(username);
      return user?.scram?.hash === hash ? user : undefined;
    };
    const method = scramMethod(hash, username => userOf(username)?.scram?.credential, { random });
    return {
      name: method.name,
      begin: request => {
        const exchange = method.begin(request);
        return {
          next: async data => {
            const step = await exchange.next(data);
            if (step.reasonCode !== 0) return step;
            const user = userOf(step.username);
            const stillHolds =
              user === undefined ? () => false : this.#stillHolds(step.username, user);
            return { ...step, identity: new Identity({ source: this.name, stillHolds }) };
          },
        };
      },
    };
  }
}
