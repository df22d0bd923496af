import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../session/session.ts';
import { SharedGroup } from './shared-group.ts';
import { Subscription } from './subscription.ts';

interface Member {
  readonly subscription: Subscription;
  readonly session: { isConnected: boolean };
}

function memberOf(clientId: string): Member {
  const session = { clientId, isConnected: true };
  const options = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 } as const;
  const subscription = new Subscription(session as unknown as Session, '$share/g/a', options, null);
  return { subscription, session };
}

function groupOf(ids: string): { group: SharedGroup; members: Member[] } {
  const group = new SharedGroup('g');
  const members = [...ids].map(memberOf);
  for (const { subscription } of members) group.add(subscription);
  return { group, members };
}

function picks(group: SharedGroup, count: number): string {
  return Array.from({ length: count }, () => group.pick()?.session.clientId ?? '-').join('');
}

test('members take turns', () => {
  const { group } = groupOf('abc');
  assert.equal(picks(group, 7), 'bcabcab');
});

test('a group of one, and of none', () => {
  const { group, members } = groupOf('a');
  assert.equal(picks(group, 3), 'aaa');
  group.remove(members[0].subscription);
  assert.equal(group.pick(), null);
  group.remove(members[0].subscription);
  assert.equal(group.pick(), null);
});

test('members that are away are left out as long as another is there', () => {
  const { group, members } = groupOf('abcd');
  members[1].session.isConnected = false;
  members[2].session.isConnected = false;
  assert.equal(picks(group, 4), 'dada');
  members[0].session.isConnected = false;
  members[3].session.isConnected = false;
  assert.equal([...picks(group, 8)].sort().join(''), 'aabbccdd');
});

test('however members come and go, the others share evenly', () => {
  const { group, members } = groupOf('abcde');
  picks(group, 3);
  group.remove(members[0].subscription);
  group.remove(members[4].subscription);
  assert.equal([...picks(group, 9)].sort().join(''), 'bbbcccddd');
  group.add(memberOf('f').subscription);
  assert.equal([...picks(group, 8)].sort().join(''), 'bbccddff');
});
