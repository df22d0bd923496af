import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { clientFinal, clientFirst } from '../testing/scram-client.ts';
import { type ScramCredential, type ScramHash, scramCredential } from './scram-credential.ts';
import { ScramExchange } from './scram-exchange.ts';

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const iterations = 4096;
const serverNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const clientNonce = 'rOprNGfwEbeRWgbNEkqO';

function exchange(
  credential: ScramCredential,
  hash: ScramHash = 'SHA-256',
  isKnown = true,
): ScramExchange {
  return new ScramExchange(hash, () => ({ credential, isKnown }), serverNonce);
}

/** Plays an exchange up to the final step, with what the client says in it changed. */
async function lastStep(change: (final: string) => string, isKnown = true): Promise<unknown> {
  const credential = await scramCredential('pencil', { hash: 'SHA-256', salt, iterations });
  const server = exchange(credential, 'SHA-256', isKnown);
  const first = clientFirst('user', clientNonce);
  const challenge = await server.next(Buffer.from(first));
  if (challenge.reasonCode !== 0x18) throw new Error('no challenge');
  const { message } = clientFinal('sha256', 'pencil', first, String(challenge.data));
  return server.next(Buffer.from(change(message)));
}

suite('ScramExchange', () => {
  test('RFC 7677, section 3: the whole exchange', async () => {
    const credential = await scramCredential('pencil', { hash: 'SHA-256', salt, iterations });
    const server = exchange(credential);
    const nonce = clientNonce + serverNonce;
    deepEqual(await server.next(Buffer.from(`n,,n=user,r=${clientNonce}`)), {
      reasonCode: 0x18,
      data: Buffer.from(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`),
    });
    const proof = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
    deepEqual(await server.next(Buffer.from(`c=biws,r=${nonce},p=${proof}`)), {
      reasonCode: 0,
      username: 'user',
      data: Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='),
    });
  });

  for (const [hash, algorithm] of [
    ['SHA-256', 'sha256'],
    ['SHA-512', 'sha512'],
  ] as const) {
    test(`${hash}: agrees with a client that shares no code with it`, async () => {
      const password = 'пароль, with = and ,';
      const credential = await scramCredential(password, { hash, salt, iterations });
      const server = exchange(credential, hash);
      const first = clientFirst('a=2Cb', 'abc');
      const challenge = await server.next(Buffer.from(first));
      if (challenge.reasonCode !== 0x18) throw new Error('no challenge');
      const final = clientFinal(algorithm, password, first, String(challenge.data));
      deepEqual(await server.next(Buffer.from(final.message)), {
        reasonCode: 0,
        username: 'a,b',
        data: Buffer.from(final.expected),
      });
    });
  }

  test('asks for the first message where it did not come with CONNECT', async () => {
    const server = exchange(await scramCredential('x', { hash: 'SHA-256', salt, iterations }));
    deepEqual(await server.next(undefined), { reasonCode: 0x18 });
    const step = await server.next(Buffer.from('n,,n=user,r=abc'));
    equal(step.reasonCode, 0x18);
  });

  const changes: readonly (readonly [string, number, (final: string) => string])[] = [
    ['as it is', 0, final => final],
    ['another proof', 0x86, final => final.replace(/p=.{4}/, 'p=AAAA')],
    ['a nonce of its own', 0x87, final => final.replace('r=r', 'r=q')],
    ['our nonce missing', 0x87, final => final.replace(serverNonce, '')],
    ['another header than it had', 0x87, final => final.replace('biws', 'eSws')],
    ['a short proof', 0x87, final => final.replace(/p=.+/, 'p=AAAA')],
    ['an extension that it did not prove', 0x86, final => final.replace(',p=', ',e=1,p=')],
    ['nothing', 0x87, () => ''],
  ];
  for (const [what, reasonCode, change] of changes) {
    test(`the final message with ${what}: 0x${reasonCode.toString(16)}`, async () => {
      const step = await lastStep(change);
      equal((step as { reasonCode: number }).reasonCode, reasonCode);
    });
  }

  test('an unknown user is refused even with the right proof', async () => {
    deepEqual(await lastStep(final => final, false), { reasonCode: 0x86 });
  });

  test('a credential of the other hash is a fault of its owner', async () => {
    const server = exchange(await scramCredential('x', { hash: 'SHA-512', salt, iterations }));
    throws(() => server.next(Buffer.from('n,,n=user,r=abc')), TypeError);
  });
});

suite('scramCredential', () => {
  test('prepares the password', async () => {
    const of = (password: string): Promise<ScramCredential> =>
      scramCredential(password, { hash: 'SHA-256', salt, iterations });
    deepEqual(await of('I\u00adX'), await of('\u2168'));
  });

  test('refuses what it cannot keep', async () => {
    const good = { hash: 'SHA-256', salt, iterations } as const;
    await rejects(scramCredential('', good), RangeError);
    await rejects(scramCredential('a\u0007', good), RangeError);
    await rejects(scramCredential('a', { ...good, iterations: 4095 }), RangeError);
    await rejects(scramCredential('a', { ...good, iterations: 2 ** 31 }), RangeError);
    await rejects(scramCredential('a', { ...good, salt: new Uint8Array(0) }), RangeError);
  });
});
