import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { topicMatchesFilter } from '@godwit/protocol';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import { resolveLimits } from '../limits.ts';
import { Metrics } from '../metrics.ts';
import { encodeMessage } from './encode-message.ts';
import type { Message } from './message.ts';
import { Retained } from './retained.ts';

function retainedWith(limits: Parameters<typeof resolveLimits>[0] = {}): {
  retained: Retained;
  metrics: Metrics;
} {
  const metrics = new Metrics();
  return { retained: new Retained(resolveLimits(limits), metrics, 1), metrics };
}

function messageOf(topic: string, text: string, messageExpiryInterval?: number): Message {
  const payload = new TextEncoder().encode(text);
  const properties = { messageExpiryInterval };
  const message = encodeMessage({ topic, payload, qos: 0, retain: true, properties }, '');
  message.startExpiry(0);
  return message;
}

function texts(retained: Retained, filter: string, wallMs = 0): string[] {
  const found: string[] = [];
  const clock = new VirtualClock(wallMs);
  for (const { topic, bytes, payloadStart, payloadEnd } of retained.match(filter, clock)) {
    found.push(`${topic}=${new TextDecoder().decode(bytes.subarray(payloadStart, payloadEnd))}`);
  }
  return found.sort();
}

suite('Retained', () => {
  test('random changes: the same as a map, also in number and bytes', () => {
    const random = new SeededRandom(3);
    const { retained, metrics } = retainedWith();
    const expected = new Map<string, Message>();
    const levels = ['', 'a', 'b', '$x'];
    for (let i = 0; i < 2_000; i += 1) {
      const topic = [random.pick(levels), random.pick(levels), random.pick(levels)].join('/');
      const text = random.chance(0.3) ? '' : `${i}`.repeat(random.int(1, 3));
      const message = messageOf(topic, text);
      assert.equal(retained.put(message), true);
      if (text === '') expected.delete(topic);
      else expected.set(topic, message);
      assert.equal(metrics.retainedMessages, expected.size);
    }
    const bytes = [...expected.values()].reduce((sum, { size }) => sum + size, 0);
    assert.equal(metrics.retainedBytes, bytes);
    for (const filter of ['#', '+/+/+', 'a/#', '+/a/+', '$x/#', '//', 'a/b/a', 'none']) {
      const wanted = [...expected.keys()].filter(topic => topicMatchesFilter(topic, filter));
      const found = texts(retained, filter)
        .map(text => text.split('=')[0])
        .sort();
      assert.deepEqual(found, wanted.sort(), filter);
    }
  });

  test('keeps a copy of its own', () => {
    const { retained } = retainedWith();
    const message = messageOf('a', 'text');
    retained.put(message);
    message.bytes.fill(0);
    assert.deepEqual(texts(retained, 'a'), ['a=text']);
  });

  test('at its bounds: refused, counted, what was there stays', () => {
    const { retained, metrics } = retainedWith({ retainedMessagesMax: 2, retainedBytesMax: 40 });
    assert.equal(retained.put(messageOf('a', '1')), true);
    assert.equal(retained.put(messageOf('b', '1')), true);
    assert.equal(retained.put(messageOf('c', '1')), false);
    assert.equal(retained.put(messageOf('b', 'x'.repeat(40))), false);
    assert.deepEqual(texts(retained, '#'), ['a=1', 'b=1']);
    assert.equal(retained.put(messageOf('b', 'x'.repeat(30))), true);
    assert.equal(retained.put(messageOf('a', 'x'.repeat(10))), false);
    assert.equal(retained.put(messageOf('b', '')), true);
    assert.equal(retained.put(messageOf('a', 'x'.repeat(10))), true);
    assert.equal(metrics.retainedRefused, 3);
  });

  test('expired messages go when they are met, each counted once', () => {
    const { retained, metrics } = retainedWith();
    retained.put(messageOf('a', '1', 1));
    retained.put(messageOf('b', '1', 2));
    retained.put(messageOf('c', '1'));
    assert.deepEqual(texts(retained, '#', 999), ['a=1', 'b=1', 'c=1']);
    assert.deepEqual(texts(retained, '#', 1_000), ['b=1', 'c=1']);
    assert.deepEqual(texts(retained, '#', 2_000), ['c=1']);
    assert.deepEqual(texts(retained, '#', 500), ['c=1']);
    assert.equal(metrics.messagesDroppedExpired, 2);
    assert.equal(metrics.retainedMessages, 1);
    assert.equal(metrics.retainedBytes, messageOf('c', '1').size);
  });
});
