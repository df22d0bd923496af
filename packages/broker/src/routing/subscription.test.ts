import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Session } from '../session/session.ts';
import {
  mergeSubscriptions,
  Subscription,
  type SubscriptionOptions,
  withoutNoLocal,
} from './subscription.ts';

const session = { clientId: 'c' } as unknown as Session;

function subscriptionOf(options: Partial<SubscriptionOptions> = {}): Subscription {
  const defaults = { qos: 0, noLocal: false, retainAsPublished: false, identifier: 0 } as const;
  return new Subscription(session, 'a', { ...defaults, ...options }, null);
}

test('identifiers are encoded as the property that goes with each message', () => {
  for (const [identifier, encoded] of [
    [1, [0x0b, 1]],
    [127, [0x0b, 127]],
    [128, [0x0b, 0x80, 1]],
    [268_435_455, [0x0b, 0xff, 0xff, 0xff, 0x7f]],
  ] as const) {
    assert.deepEqual(subscriptionOf({ identifier }).identifiers, Uint8Array.from(encoded));
  }
  assert.equal(subscriptionOf().identifiers, null);
});

test('replacing takes over all options [MQTT-3.8.4-3]', () => {
  const one = subscriptionOf({ qos: 2, identifier: 5, noLocal: true, retainAsPublished: true });
  one.replace({ qos: 1, noLocal: false, retainAsPublished: false, identifier: 0 });
  const { qos, noLocal, retainAsPublished, identifiers } = one;
  assert.deepEqual(
    { qos, noLocal, retainAsPublished, identifiers },
    {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      identifiers: null,
    },
  );
});

test('merged: the highest QoS [MQTT-3.3.4-2], every identifier [MQTT-3.3.4-4], any RETAIN kept', () => {
  const parts = [
    subscriptionOf({ qos: 1, identifier: 300 }),
    subscriptionOf({ qos: 2 }),
    subscriptionOf({ qos: 0, identifier: 1, retainAsPublished: true }),
    subscriptionOf({ qos: 0, identifier: 1 }),
  ];
  const merged = mergeSubscriptions(parts);
  assert.equal(merged.qos, 2);
  assert.equal(merged.retainAsPublished, true);
  assert.equal(merged.noLocal, false);
  assert.deepEqual(merged.identifiers, Uint8Array.of(0x0b, 0xac, 2, 0x0b, 1, 0x0b, 1));
  assert.equal(mergeSubscriptions([subscriptionOf(), subscriptionOf()]).identifiers, null);
});

test('without those that No Local keeps away: none, the one, or the others merged', () => {
  const local = subscriptionOf({ qos: 2, identifier: 1, noLocal: true });
  const [a, b] = [subscriptionOf({ qos: 1, identifier: 2 }), subscriptionOf({ identifier: 3 })];
  assert.equal(withoutNoLocal(local), null);
  assert.equal(withoutNoLocal(a), a);
  assert.equal(withoutNoLocal(mergeSubscriptions([local, local])), null);
  const two = mergeSubscriptions([local, a]);
  assert.equal(two.noLocal, true);
  assert.equal(withoutNoLocal(two), a);
  const rest = withoutNoLocal(mergeSubscriptions([a, local, b]));
  assert.deepEqual([rest?.qos, rest?.noLocal], [1, false]);
  assert.deepEqual(rest?.identifiers, Uint8Array.of(0x0b, 2, 0x0b, 3));
});
