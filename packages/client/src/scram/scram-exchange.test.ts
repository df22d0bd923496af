import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { suite, test } from 'node:test';
import { ScramExchange, type ScramExchangeInit } from './scram-exchange.ts';
import { scramKeys } from './scram-keys.ts';

const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';
const ours = 'rOprNGfwEbeRWgbNEkqO';
const nonce = `${ours}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`;
const challenge = `r=${nonce},s=${salt},i=4096`;
const signature = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

function exchange(init: Partial<ScramExchangeInit> & { password?: string } = {}): ScramExchange {
  const { hash = 'SHA-256', password = 'pencil' } = init;
  return new ScramExchange({
    hash,
    username: 'user',
    nonce: ours,
    iterationsMax: 10_000,
    keys: (salt, iterations) => scramKeys(hash, password, salt, iterations),
    ...init,
  });
}

function said(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function heard(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

suite('ScramExchange', () => {
  test('RFC 7677, section 3: the whole exchange', async () => {
    const client = exchange();
    assert.equal(said(client.first()), `n,,n=user,r=${ours}`);
    assert.equal(
      said(await client.answer(heard(challenge))),
      `c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    );
    await client.finish(heard(signature));
  });

  for (const [hash, algorithm, length] of [
    ['SHA-256', 'sha256', 32],
    ['SHA-512', 'sha512', 64],
  ] as const) {
    test(`${hash}: what Node's own cryptography expects`, async () => {
      const password = 'пароль, with = and ,';
      const client = exchange({ hash, password, username: 'a=,b' });
      const first = said(client.first());
      assert.equal(first, `n,,n=a=3D=2Cb,r=${ours}`);
      const { proof, serverSignature } = server(algorithm, length, password, first);
      const final = said(await client.answer(heard(challenge)));
      assert.equal(final, `c=biws,r=${nonce},p=${proof}`);
      await client.finish(heard(`v=${serverSignature},x=extension`));
    });
  }

  for (const [what, message, expected] of [
    ['a nonce of its own', `r=other,s=${salt},i=4096`, /nonce/],
    ['our nonce alone', `r=${ours},s=${salt},i=4096`, /nonce/],
    ['few iterations', `r=${nonce},s=${salt},i=4095`, /4095 iterations/],
    ['many iterations', `r=${nonce},s=${salt},i=10001`, /10001 iterations/],
    ['a count that is none', `r=${nonce},s=${salt},i=-1`, /not one of SCRAM/],
    ['an extension that must be known', `m=1,${challenge}`, /not one of SCRAM/],
    ['a salt that is not base64', `r=${nonce},s=*,i=4096`, /base64/],
    ['nothing', '', /not one of SCRAM/],
  ] as const) {
    test(`refuses ${what}`, () => assert.rejects(exchange().answer(heard(message)), expected));
  }

  test('refuses what is not UTF-8', () =>
    assert.rejects(exchange().answer(Uint8Array.of(0xff)), /UTF-8/));

  for (const [what, message, expected] of [
    ['another signature', signature.replace('6', '7'), /does not know our password/],
    ['a shorter one', 'v=6rri', /does not know our password/],
    ['none', '', /has not proved/],
    ['an error', 'e=other-error', /refuses: other-error/],
  ] as const) {
    test(`does not take a server with ${what}`, async () => {
      const client = exchange();
      await client.answer(heard(challenge));
      await assert.rejects(client.finish(heard(message)), expected);
    });
  }

  test('does not take a server that never asked', async () => {
    await assert.rejects(exchange().finish(heard(signature)), /without our proof/);
    await assert.rejects(exchange().finish(undefined), /without our proof/);
  });

  test('says nothing twice', async () => {
    const client = exchange();
    await client.answer(heard(challenge));
    await assert.rejects(client.answer(heard(challenge)), /after our proof/);
  });
});

/** The server's part, from nothing that the client's part uses. */
function server(
  algorithm: string,
  length: number,
  password: string,
  first: string,
): { proof: string; serverSignature: string } {
  const hmac = (key: Uint8Array, text: string): Buffer =>
    createHmac(algorithm, key).update(text).digest();
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), 4096, length, algorithm);
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash(algorithm).update(clientKey).digest();
  const authMessage = `${first.slice(3)},${challenge},c=biws,r=${nonce}`;
  const mask = hmac(storedKey, authMessage);
  return {
    proof: Buffer.from(clientKey.map((byte, at) => byte ^ mask[at])).toString('base64'),
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage).toString('base64'),
  };
}
