import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../session/session.ts';
import { Interest } from './interest.ts';
import { Subscription } from './subscription.ts';

function subscriptionOf(clientId: string): Subscription {
  const options = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 } as const;
  return new Subscription({ clientId } as unknown as Session, 'a', options, null);
}

function plainIds(interest: Interest): string[] {
  for (const [place, { position }] of interest.members.entries()) assert.equal(position, place);
  return interest.members.map(({ session }) => session.clientId).sort();
}

test('plain subscriptions leave from anywhere in the list', () => {
  for (const order of ['abcd', 'dcba', 'badc', 'cadb']) {
    const interest = new Interest();
    const all = new Map([...'abcd'].map(id => [id, subscriptionOf(id)]));
    for (const subscription of all.values()) interest.add(subscription, null);
    const left = new Set('abcd');
    for (const id of order) {
      assert.deepEqual(plainIds(interest), [...left]);
      assert.equal(interest.isEmpty, false);
      interest.remove(all.get(id)!, null);
      left.delete(id);
    }
    assert.equal(interest.isEmpty, true);
  }
});

test('one that is not in the list does no harm', () => {
  const interest = new Interest();
  interest.add(subscriptionOf('a'), null);
  interest.remove(subscriptionOf('b'), null);
  interest.remove(subscriptionOf('b'), 'g');
  assert.deepEqual(plainIds(interest), ['a']);
});

test('a subscription that left may be entered again', () => {
  const interest = new Interest();
  const [a, b] = [subscriptionOf('a'), subscriptionOf('b')];
  for (let i = 0; i < 3; i += 1) {
    interest.add(a, null);
    interest.add(b, null);
    assert.deepEqual(plainIds(interest), ['a', 'b']);
    interest.remove(b, null);
    interest.remove(a, null);
    assert.equal(interest.isEmpty, true);
  }
});

test('groups by name; the last member takes its group with it', () => {
  const interest = new Interest();
  const [a, b, c] = [subscriptionOf('a'), subscriptionOf('b'), subscriptionOf('c')];
  interest.add(a, 'g');
  interest.add(b, 'g');
  interest.add(c, 'h');
  const sizes = (): [string, number][] =>
    [...(interest.groups?.values() ?? [])].map(({ name, members }) => [name, members.length]);
  assert.deepEqual(sizes(), [
    ['g', 2],
    ['h', 1],
  ]);
  interest.remove(a, 'g');
  interest.remove(c, 'h');
  assert.deepEqual(sizes(), [['g', 1]]);
  assert.equal(interest.isEmpty, false);
  interest.remove(b, 'g');
  assert.equal(interest.isEmpty, true);
});

test('thousands of share names on one filter come and go at once', () => {
  const interest = new Interest();
  const all = Array.from({ length: 50_000 }, (_, i) => subscriptionOf(`${i}`));
  for (const [i, one] of all.entries()) interest.add(one, `g${i}`);
  assert.equal(interest.groups?.size, all.length);
  for (const [i, one] of all.entries()) interest.remove(one, `g${i}`);
  assert.equal(interest.isEmpty, true);
});
