import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConnectRequest } from '@godwit/broker';
import { VirtualClock } from '@godwit/testkit';
import type { Verdict } from '../chain/authenticator.ts';
import { GateFullError } from '../chain/gate.ts';
import { httpService } from '../testing/http-service.ts';
import { login, request } from '../testing/requests.ts';
import { HttpAuthenticator } from './http-authenticator.ts';

const clock = new VirtualClock();

/** What comes of one answer. */
async function verdictOf(text: string, status = 200): Promise<Verdict> {
  await using service = await httpService(() => ({ status, text }));
  return await new HttpAuthenticator({ url: service.url, clock }).authenticate(login('ada', 'x'));
}

suite('HttpAuthenticator', () => {
  test('asks with what the client says, and takes what the service knows', async () => {
    const answer = {
      result: 'allow',
      username: 'lovelace',
      groups: ['g'],
      attributes: { site: 'b' },
      acl: [{ allow: 'publish', topics: 'own/#' }],
      expiresAt: 1_800_000_000,
    };
    await using service = await httpService(() => ({ text: JSON.stringify(answer) }));
    const options = { url: `${service.url}login?key=in-the-url`, bearerToken: 'token', clock };
    const authenticator = new HttpAuthenticator(options);
    equal(authenticator.name, `http ${service.url}login`);
    const verdict = await authenticator.authenticate(login('ada', 'engine'));
    ok(verdict.verdict === 'allow');
    const { username, groups, attributes, rules, expiresAtMs } = verdict;
    deepEqual(
      [username, groups, attributes, rules?.length, expiresAtMs],
      ['lovelace', ['g'], { site: 'b' }, 1, 1_800_000_000_000],
    );
    deepEqual(JSON.parse(service.bodies[0]), {
      clientId: 'c',
      username: 'ada',
      password: 'engine',
      protocolVersion: 5,
      remoteAddress: '127.0.0.1',
    });
    deepEqual(service.authorizations, ['Bearer token']);
  });

  test('yes, no, not mine', async () => {
    for (const result of ['allow', 'deny', 'ignore']) {
      equal((await verdictOf(JSON.stringify({ result }))).verdict, result);
    }
    equal((await verdictOf('', 401)).verdict, 'deny');
    equal((await verdictOf('', 403)).verdict, 'deny');
  });

  const faults: [string, number, RegExp][] = [
    ['', 500, /answered HTTP 500/],
    ['{"result":"allow"}', 201, /answered HTTP 201/],
    ['', 302, /cannot be asked|redirect/],
    ['allow', 200, /no object of JSON/],
    ['[]', 200, /no object of JSON/],
    ['{"result":true}', 200, /result: expected/],
    ['{"result":"allow","username":7}', 200, /username/],
    ['{"result":"allow","groups":"g"}', 200, /groups/],
    ['{"result":"allow","attributes":{"a":1}}', 200, /attributes/],
    ['{"result":"allow","acl":{}}', 200, /acl/],
    ['{"result":"allow","expiresAt":"x"}', 200, /expiresAt/],
    [JSON.stringify({ result: 'allow', x: 'x'.repeat(70_000) }), 200, /more than 65536 bytes/],
  ];
  for (const [text, status, message] of faults) {
    test(`fails: ${status} ${text.slice(0, 40)}`, () => rejects(verdictOf(text, status), message));
  }

  test('nobody there, and nobody who answers in time', async () => {
    const closed = await httpService(() => ({ text: '' }));
    await closed[Symbol.asyncDispose]();
    const unreachable = new HttpAuthenticator({ url: closed.url, clock });
    await rejects(() => unreachable.authenticate(request()), /cannot be asked: .*ECONNREFUSED/);
    const asked = Promise.withResolvers<void>();
    await using service = await httpService(() => {
      asked.resolve();
      return new Promise<never>(() => {});
    });
    const slow = new HttpAuthenticator({ url: service.url, timeoutMs: 50, clock });
    const answer = rejects(() => slow.authenticate(request()), /no answer within 50 ms/);
    await asked.promise;
    await clock.advance(50);
    await answer;
  });

  test('remembers for a while, no more than it may, and never a password', async () => {
    let result = 'allow';
    await using service = await httpService(() => ({ text: JSON.stringify({ result }) }));
    const authenticator = new HttpAuthenticator({
      url: service.url,
      cacheSeconds: 10,
      cacheDeniedSeconds: 2,
      cacheEntriesMax: 2,
      clock,
    });
    const ask = async (asked: ConnectRequest, count: number): Promise<void> => {
      equal((await authenticator.authenticate(asked)).verdict, result);
      equal(service.bodies.length, count);
    };
    await ask(login('ada', '1'), 1);
    await ask(login('ada', '1'), 1);
    await ask(login('ada', '2'), 2);
    await ask(login('ada', '3'), 3);
    await ask(login('ada', '1'), 4);
    await clock.advance(10_000);
    result = 'deny';
    await ask(login('ada', '1'), 5);
    await ask(login('ada', '1'), 5);
    await clock.advance(2_000);
    await ask(login('ada', '1'), 6);
    await authenticator.reload();
    await ask(login('ada', '1'), 7);
  });

  test('asks so many at once, and refuses more than may wait', async () => {
    const release = Promise.withResolvers<never>();
    const asked = Promise.withResolvers<void>();
    await using service = await httpService(() => {
      asked.resolve();
      return release.promise;
    });
    const bounds = { requestsMax: 1, waitingMax: 0, timeoutMs: 50, clock };
    const authenticator = new HttpAuthenticator({ url: service.url, ...bounds });
    const first = rejects(() => authenticator.authenticate(request()), /no answer/);
    await rejects(() => authenticator.authenticate(request()), GateFullError);
    await asked.promise;
    await clock.advance(50);
    await first;
    equal(service.bodies.length, 1);
  });
});
