import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { AuthStep } from '@godwit/broker';
import { VirtualClock } from '@godwit/testkit';
import { SignJWT } from 'jose';
import type { Verdict } from '../chain/authenticator.ts';
import { Identity } from '../identity.ts';
import { httpService } from '../testing/http-service.ts';
import { login, request } from '../testing/requests.ts';
import { JwtAuthenticator, type JwtOptions } from './jwt-authenticator.ts';

const secret = 'a secret of at least thirty-two bytes';
const signer = new TextEncoder().encode(secret);

type Claims = Readonly<Record<string, unknown>>;

suite('JwtAuthenticator', () => {
  const clock = new VirtualClock();
  const nowSeconds = (): number => Math.floor(clock.wallMs() / 1000);
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-jwt-'));
    await writeFile(join(folder, 'secret'), `${secret}\n`);
  });
  after(() => rm(folder, { recursive: true }));

  const withSecret = (options: Partial<JwtOptions> = {}): Promise<JwtAuthenticator> =>
    JwtAuthenticator.open({ source: { secretFile: join(folder, 'secret') }, clock, ...options });

  function token(
    claims: Claims,
    alg = 'HS256',
    key: KeyObject | Uint8Array = signer,
    kid?: string,
  ): Promise<string> {
    const payload = { sub: 'ada', exp: nowSeconds() + 600, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg, ...(kid && { kid }) }).sign(key);
  }

  async function verdict(claims: Claims, options: Partial<JwtOptions> = {}): Promise<Verdict> {
    const authenticator = await withSecret(options);
    return authenticator.authenticate(login('claimed', await token(claims)));
  }

  test('a token says who it is, until when, and what it may do', async () => {
    const acl = [{ allow: ['publish'], topics: ['own/#'] }];
    const exp = nowSeconds() + 60;
    const found = await verdict({ exp, site: 'berlin', level: 3, groups: ['g', 7], acl });
    ok(found.verdict === 'allow');
    const { username, groups, attributes, rules, expiresAtMs } = found;
    deepEqual([username, groups, expiresAtMs], ['ada', ['g'], (exp + 30) * 1000]);
    deepEqual(attributes, { sub: 'ada', exp: String(exp), site: 'berlin', level: '3' });
    equal(rules?.[0].place, 'token, rule 1');
    const named = await verdict({ name: 'bob', exp }, { usernameClaim: 'name' });
    equal(named.verdict === 'allow' && named.username, 'bob');
  });

  test('a token that is not good is denied; what is none is left to others', async () => {
    const denied: [Claims, Partial<JwtOptions>?][] = [
      [{ exp: nowSeconds() - 31 }],
      [{ exp: undefined }],
      [{ exp: 'soon' }],
      [{ nbf: nowSeconds() + 60 }],
      [{ sub: undefined }],
      [{ sub: 7 }],
      [{ aud: 'others' }, { audience: 'broker' }],
      [{}, { audience: 'broker' }],
      [{ acl: [{ allow: 'everything', topics: '#' }] }],
      [{ acl: 'all' }],
    ];
    for (const [claims, options] of denied) {
      equal((await verdict(claims, options)).verdict, 'deny', JSON.stringify(claims));
    }
    equal((await verdict({ exp: nowSeconds() - 29 })).verdict, 'allow', 'clocks differ');
    equal((await verdict({ aud: ['a', 'broker'] }, { audience: 'broker' })).verdict, 'allow');
    equal((await verdict({ iss: 'x' }, { issuer: 'https://id.example' })).verdict, 'ignore');
    const authenticator = await withSecret();
    for (const asked of [request(), login('ada', 'password'), login('ada', 'a.b.c.d')]) {
      equal((await authenticator.authenticate(asked)).verdict, 'ignore');
    }
  });

  test('a token is signed with the key and in its way', async () => {
    const authenticator = await withSecret();
    const [head, body, signature] = (await token({})).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const forged = [`${head}.${body}.${'A'.repeat(signature.length)}`, `${none}.${body}.AA`];
    forged.push(await token({}, 'HS256', new TextEncoder().encode('x'.repeat(40))));
    for (const one of forged) {
      equal((await authenticator.authenticate(login('ada', one))).verdict, 'deny');
    }
  });

  test('may come as the user name', async () => {
    const authenticator = await withSecret({ tokenIn: 'username' });
    const asked = request({ username: await token({}) });
    equal((await authenticator.authenticate(asked)).verdict, 'allow');
  });

  const kinds = [
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
  ] as const;
  for (const [alg, make] of kinds) {
    test(`${alg} with a public key in a file; it is no secret for HMAC`, async () => {
      const { publicKey, privateKey } = make();
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      const keyFile = join(folder, alg);
      await writeFile(keyFile, pem);
      const authenticator = await JwtAuthenticator.open({ source: { keyFile }, clock });
      const good = login('ada', await token({}, alg, privateKey));
      equal((await authenticator.authenticate(good)).verdict, 'allow');
      const confused = login('ada', await token({}, 'HS256', Buffer.from(pem)));
      equal((await authenticator.authenticate(confused)).verdict, 'deny');
    });
  }

  test('keys that cannot be used stop the start', async () => {
    await writeFile(join(folder, 'short'), 'secret');
    const open = (source: JwtOptions['source']): Promise<unknown> =>
      JwtAuthenticator.open({ source, clock });
    await rejects(open({ secretFile: join(folder, 'short') }), /short has 6 bytes; expected/);
    await rejects(open({ keyFile: join(folder, 'short') }), /short is no public key/);
    await rejects(open({ keyFile: join(folder, 'none') }), /ENOENT/);
  });

  test('keys that are served: asked for once, and again when the issuer changes them', async () => {
    const pairs = [1, 2].map(() => generateKeyPairSync('ed25519'));
    const jwk = (at: number): object => {
      return { ...pairs[at].publicKey.export({ format: 'jwk' }), kid: `k${at}` };
    };
    let served = JSON.stringify({ keys: [jwk(0)] });
    await using service = await httpService(() => ({ text: served }));
    const authenticator = await JwtAuthenticator.open({ source: { jwksUrl: service.url }, clock });
    const good = login('ada', await token({}, 'EdDSA', pairs[0].privateKey, 'k0'));
    equal((await authenticator.authenticate(good)).verdict, 'allow');
    equal((await authenticator.authenticate(good)).verdict, 'allow');
    const next = login('ada', await token({}, 'EdDSA', pairs[1].privateKey, 'k1'));
    equal((await authenticator.authenticate(next)).verdict, 'deny');
    equal(service.bodies.length, 1, 'unknown keys do not make it ask each time');
    served = JSON.stringify({ keys: [jwk(1)] });
    await authenticator.reload();
    equal((await authenticator.authenticate(next)).verdict, 'allow');
    served = 'x'.repeat(2_000_000);
    await authenticator.reload();
    await rejects(async () => authenticator.authenticate(next), /more than 1048576 bytes/);
  });

  test('as a method of enhanced authentication', async () => {
    const [method] = (await withSecret()).authMethods;
    equal(method.name, 'JWT');
    const next = (data: string | undefined): Promise<AuthStep> =>
      Promise.resolve(
        method
          .begin({ ...request(), isReauthentication: true })
          .next(data === undefined ? undefined : Buffer.from(data)),
      );
    const exp = nowSeconds() + 60;
    const success = await next(await token({ exp, groups: ['g'] }));
    ok(success.reasonCode === 0);
    deepEqual([success.username, success.expiresAtMs], ['ada', (exp + 30) * 1000]);
    ok(success.identity instanceof Identity);
    deepEqual(success.identity.groups, ['g']);
    equal((await next(undefined)).reasonCode, 0x18, 'the client is asked for it');
    equal((await next('no token')).reasonCode, 0x87);
    equal((await next(await token({ exp: 1 }))).reasonCode, 0x87);
  });
});
