import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { AuthRequest } from '@godwit/broker';
import { Gate } from '../chain/gate.ts';
import { identityOf } from '../identity.ts';
import { login, request } from '../testing/requests.ts';
import { clientFinal, clientFirst } from '../testing/scram-client.ts';
import { argon2Hash } from './argon2-hash.ts';
import { PasswordAuthenticator } from './password-authenticator.ts';
import { scramHash } from './scram-hash.ts';

/** Counts what passes it. */
class CountingGate extends Gate {
  passed = 0;

  override run<T>(work: () => Promise<T>): Promise<T> {
    this.passed += 1;
    return super.run(work);
  }
}

suite('PasswordAuthenticator', () => {
  let folder = '';
  let file = '';
  let gate: CountingGate;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-users-'));
    file = join(folder, 'users');
  });
  after(() => rm(folder, { recursive: true }));

  async function opened(text: string): Promise<PasswordAuthenticator> {
    await writeFile(file, text);
    gate = new CountingGate(2, 10);
    return PasswordAuthenticator.open(file, gate);
  }
  const cheap = { memoryKiB: 8, passes: 1 };
  const line = async (name: string, password: string): Promise<string> =>
    `${name}:${await argon2Hash(password, cheap)}\n`;

  test('right, wrong, unknown, nothing', async () => {
    const users = await opened(await line('ada', 'engine'));
    equal((await users.authenticate(login('ada', 'engine'))).verdict, 'allow');
    equal((await users.authenticate(login('ada', 'guess'))).verdict, 'deny');
    equal((await users.authenticate(login('eve', 'engine'))).verdict, 'ignore');
    equal(gate.passed, 3, 'an unknown name is checked as well');
    equal((await users.authenticate(request())).verdict, 'ignore');
    equal((await users.authenticate(request({ username: 'ada' }))).verdict, 'ignore');
    equal(gate.passed, 3);
  });

  test('a file that is read again takes effect; one that cannot be read changes nothing', async () => {
    const users = await opened(await line('ada', 'engine'));
    const allowed = await users.authenticate(login('ada', 'engine'));
    const holds = allowed.verdict === 'allow' ? allowed.stillHolds : undefined;
    equal(holds?.(), true);
    await writeFile(file, 'no user\n');
    await rejects(users.reload(), /users:1: expected name:hash/);
    equal((await users.authenticate(login('ada', 'engine'))).verdict, 'allow');
    await writeFile(file, await line('ada', 'new'));
    await users.reload();
    equal((await users.authenticate(login('ada', 'new'))).verdict, 'allow');
    equal(holds?.(), false, 'the password that let it in is no more');
  });

  test('a file without users lets nobody in', async () => {
    const users = await opened('# nobody yet\n');
    equal((await users.authenticate(login('ada', 'engine'))).verdict, 'ignore');
  });

  test('SCRAM for users whose line is of that kind', async () => {
    const hash = await scramHash('engine', { hash: 'SHA-256', iterations: 4096 });
    const users = await opened(`ada:${hash}\n`);
    equal((await users.authenticate(login('ada', 'engine'))).verdict, 'allow');
    deepEqual(
      users.authMethods.map(({ name }) => name),
      ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
    );
    const asked: AuthRequest = { ...request(), isReauthentication: false };
    const exchange = users.authMethods[0].begin(asked);
    const first = clientFirst('ada', 'abc');
    const challenge = await exchange.next(Buffer.from(first));
    equal(challenge.reasonCode, 0x18);
    const { data } = challenge as { data: Uint8Array };
    const { message } = clientFinal('sha256', 'engine', first, Buffer.from(data).toString());
    const success = await exchange.next(Buffer.from(message));
    equal(success.reasonCode, 0);
    const identity = identityOf({ ...asked, ...success } as AuthRequest);
    equal(identity?.stillHolds(), true);
    await writeFile(file, '');
    await users.reload();
    equal(identity?.stillHolds(), false);
  });
});
