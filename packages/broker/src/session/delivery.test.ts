import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { Metrics } from '../metrics.ts';
import { encodeMessage } from '../routing/encode-message.ts';
import { Delivery, DeliveryQueue, QueueTotal } from './delivery.ts';

function delivery(bytes = 10): Delivery {
  const init = { topic: 't', payload: new Uint8Array(bytes), qos: 1, retain: false } as const;
  return new Delivery(encodeMessage(init, ''), 1, false, null);
}

suite('Delivery', () => {
  test('keeps a message once for all who wait for it', () => {
    const init = { topic: 't', payload: new Uint8Array(3), qos: 1, retain: false } as const;
    const live = encodeMessage(init, 'p');
    const [first, second] = [new Delivery(live, 1, false, null), new Delivery(live, 2, true, null)];
    assert.notEqual(first.message, live);
    assert.equal(first.message, second.message);
  });
});

suite('DeliveryQueue', () => {
  test('is first in, first out, and knows its bytes, whatever comes and goes (seed 3)', () => {
    const random = new SeededRandom(3);
    const queue = new DeliveryQueue(new QueueTotal(new Metrics(), 1e6, 1e9));
    const model: Delivery[] = [];
    for (let round = 0; round < 40; round += 1) {
      for (let count = random.int(0, 60); count > 0; count -= 1) {
        const one = delivery(random.int(0, 100));
        queue.push(one);
        model.push(one);
      }
      for (let count = random.int(0, 70); count > 0; count -= 1) {
        assert.equal(queue.peek(), model[0]);
        assert.equal(queue.shift(), model.shift());
      }
      assert.equal(queue.length, model.length);
      assert.equal(
        queue.bytes,
        model.reduce((sum, { message }) => sum + message.size, 0),
      );
    }
  });

  test('is empty once cleared, and goes on from there', () => {
    const queue = new DeliveryQueue(new QueueTotal(new Metrics(), 1e6, 1e9));
    for (let count = 0; count < 100; count += 1) queue.push(delivery());
    queue.clear();
    assert.deepEqual(
      [queue.length, queue.bytes, queue.peek(), queue.shift()],
      [0, 0, undefined, undefined],
    );
    const one = delivery();
    queue.push(one);
    assert.equal(queue.shift(), one);
  });
});
