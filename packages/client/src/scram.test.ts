import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { scramSha256, scramSha512 } from './scram.ts';

const challenge = (first: string): Uint8Array =>
  new TextEncoder().encode(`${/r=.+/.exec(first)![0]}x,s=AAAA,i=4096`);

test('a method of its own name, with a nonce for each exchange', async () => {
  const random = new SeededRandom(1);
  for (const [scram, method] of [
    [scramSha256, 'SCRAM-SHA-256'],
    [scramSha512, 'SCRAM-SHA-512'],
  ] as const) {
    const auth = scram('I\u00adX', 'p', { random });
    assert.equal(auth.method, method);
    const firsts = await Promise.all([auth.begin().first(), auth.begin().first()]);
    const [one, other] = firsts.map(data => new TextDecoder().decode(data));
    assert.match(one, /^n,,n=IX,r=[A-Za-z0-9+/]{24}$/);
    assert.notEqual(one, other);
    // the same salt twice: the keys of the first time do for the second
    for (const exchange of [auth.begin(), auth.begin()]) {
      const first = new TextDecoder().decode(await exchange.first());
      assert.ok((await exchange.answer(challenge(first)))!.length > 0);
    }
  }
});

test('what cannot be prepared, or makes no sense, is refused at once', () => {
  assert.throws(() => scramSha256('', 'p'), RangeError);
  assert.throws(() => scramSha256('u', '\u0007'), RangeError);
  for (const iterationsMax of [0, 4_095, 4_096.5, 2 ** 31]) {
    assert.throws(() => scramSha512('u', 'p', { iterationsMax }), RangeError);
  }
});
