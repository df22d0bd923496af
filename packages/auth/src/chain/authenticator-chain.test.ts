import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConnectRequest, Welcome } from '@godwit/broker';
import { VirtualClock } from '@godwit/testkit';
import { Identity } from '../identity.ts';
import { login, request } from '../testing/requests.ts';
import type { Authenticator, Verdict } from './authenticator.ts';
import { AuthenticatorChain, type ChainDecision } from './authenticator-chain.ts';
import { GateFullError } from './gate.ts';

const ignores = (): Verdict => ({ verdict: 'ignore', why: 'not mine' });
const fails = (): Promise<Verdict> => Promise.reject(new Error('no route to host'));

function chain(
  answers: readonly Authenticator['authenticate'][],
  options: { onError?: 'refuse' | 'next'; allowsAnonymous?: boolean; clock?: VirtualClock } = {},
): (asked: ConnectRequest) => Promise<ChainDecision> {
  const { onError, allowsAnonymous = false, clock = new VirtualClock() } = options;
  const links = answers.map((authenticate, at) => ({
    authenticator: { name: `a${at}`, authenticate },
    ...(onError && { onError }),
  }));
  const made = new AuthenticatorChain({
    links,
    allowsAnonymous: () => allowsAnonymous,
    clock,
  });
  return asked => made.decide(asked);
}

const code = async (decision: Promise<ChainDecision>): Promise<number> => {
  const { answer } = await decision;
  return answer === true ? 0 : answer.reasonCode;
};

suite('AuthenticatorChain', () => {
  test('the first that allows or denies decides', async () => {
    const allow = (): Verdict => ({
      verdict: 'allow',
      username: 'ada',
      groups: ['g'],
      expiresAtMs: 5,
    });
    const deny = (): Verdict => ({ verdict: 'deny', why: 'wrong password' });
    const { answer, steps } = await chain([ignores, allow, deny])(login('x', 'y'));
    const { username, identity, expiresAtMs } = answer as Welcome;
    deepEqual([username, expiresAtMs], ['ada', 5]);
    ok(identity instanceof Identity);
    deepEqual([identity.source, identity.groups, identity.isAnonymous], ['a1', ['g'], false]);
    deepEqual(
      steps.map(({ authenticator, verdict }) => [authenticator, verdict]),
      [
        ['a0', 'ignore'],
        ['a1', 'allow'],
      ],
    );
    equal(await code(chain([deny, allow])(login('x', 'y'))), 0x86);
  });

  test('who is known to nobody is denied, with or without a name', async () => {
    equal(await code(chain([ignores])(login('x', 'y'))), 0x86);
    equal(await code(chain([ignores])(request())), 0x87);
    equal(await code(chain([])(request())), 0x87);
    const open = { allowsAnonymous: true };
    equal(await code(chain([ignores], open)(request())), 0);
    equal(await code(chain([ignores], open)(login('x', 'y'))), 0x86, 'a claim is not anonymous');
    const { answer } = await chain([], open)(login('x', 'y'));
    const { identity } = answer as Welcome;
    ok(identity instanceof Identity && identity.isAnonymous);
  });

  test('one that fails lets nobody in: 0x88, or the next is asked', async () => {
    const allow = (): Verdict => ({ verdict: 'allow' });
    equal(await code(chain([fails, allow])(login('x', 'y'))), 0x88);
    equal(await code(chain([fails, allow], { onError: 'next' })(login('x', 'y'))), 0);
    equal(await code(chain([fails], { onError: 'next' })(login('x', 'y'))), 0x86);
  });

  test('one that is busy: 0x89, whatever is to follow', async () => {
    const busy = (): Promise<Verdict> => Promise.reject(new GateFullError());
    equal(await code(chain([busy, ignores], { onError: 'next' })(login('x', 'y'))), 0x89);
  });

  test('one that does not answer in time has failed', async () => {
    const clock = new VirtualClock();
    const never = (): Promise<Verdict> => new Promise(() => {});
    const decision = chain([never], { clock })(login('x', 'y'));
    await clock.advance(5_000);
    equal(await code(decision), 0x88);
    equal((await decision).steps[0].why, 'no answer within 5000 ms');
  });
});
