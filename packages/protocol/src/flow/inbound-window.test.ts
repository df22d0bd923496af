import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../packet/protocol-error.ts';
import { InboundWindow } from './inbound-window.ts';

function exceeds(run: () => unknown): void {
  assert.throws(run, error => error instanceof ProtocolError && error.reasonCode === 0x93);
}

test('holds the peer to our Receive Maximum [MQTT-3.3.4-7]', () => {
  const window = new InboundWindow(2);
  assert.equal(window.received(1, 1), true);
  assert.equal(window.received(2, 2), true);
  exceeds(() => window.received(1, 3));
  exceeds(() => window.received(2, 4));
  assert.equal(window.isKnown(4), false); // it was not taken
  window.acknowledge(); // PUBACK
  assert.equal(window.received(2, 5), true);
  assert.equal(window.release(2), true); // PUBREL
  assert.equal(window.unacknowledged, 1);
});

test('QoS 2: passed on once, however often it comes [MQTT-4.3.3-10]', () => {
  const window = new InboundWindow(1);
  assert.equal(window.received(2, 7), true);
  for (let repeat = 0; repeat < 5; repeat += 1) assert.equal(window.received(2, 7), false);
  assert.equal(window.unacknowledged, 1); // no second place
  assert.equal(window.release(7), true);
  assert.equal(window.release(7), false);
  assert.equal(window.received(2, 7), true); // [MQTT-4.3.3-12] a new message
});

test('QoS 1: the identifier is not remembered [MQTT-4.3.2-5]', () => {
  const window = new InboundWindow(1);
  for (let repeat = 0; repeat < 5; repeat += 1) {
    assert.equal(window.received(1, 7), true);
    window.acknowledge();
  }
  assert.equal(window.size, 0);
});

test('a new connection: identifiers are known still, places are all free', () => {
  const window = new InboundWindow(2);
  window.received(2, 1);
  window.received(2, 2);
  window.reset(2);
  assert.equal(window.unacknowledged, 0);
  assert.equal(window.received(2, 3), true);
  assert.equal(window.received(2, 1), false); // resent: takes a place
  assert.equal(window.received(2, 1), false); // but one only
  assert.equal(window.unacknowledged, 2);
  exceeds(() => window.received(2, 2));
  assert.equal(window.release(2), true); // a PUBREL alone gives no place back
  assert.equal(window.unacknowledged, 2);
  assert.equal(window.release(1), true);
  assert.equal(window.unacknowledged, 1);
});

test('identifiers can be stored and restored', () => {
  const window = new InboundWindow(10);
  for (const id of [5, 65_535, 1]) window.restore(id);
  window.reset(1);
  assert.deepEqual([...window.ids()].sort(), [1, 5, 65_535].sort());
  assert.equal(window.size, 3);
  assert.equal(window.received(2, 65_535), false);
  window.clear();
  assert.equal(window.size, 0);
  assert.equal(window.unacknowledged, 0);
  assert.equal(window.received(2, 65_535), true);
});

test('equals a model by Sets under any events', () => {
  const action = fc.constantFrom('qos1', 'qos2', 'qos2', 'puback', 'pubrel', 'reset');
  const steps = fc.array(fc.tuple(action, fc.integer({ min: 1, max: 12 })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, all => {
      const window = new InboundWindow(4);
      const known = new Set<number>();
      const holding = new Set<number>();
      let unacked1 = 0;
      for (const [what, id] of all) {
        const isFull = unacked1 + holding.size === 4;
        if (what === 'qos1') {
          if (isFull) exceeds(() => window.received(1, id));
          else unacked1 += window.received(1, id) ? 1 : 0;
        } else if (what === 'qos2') {
          if (isFull && !holding.has(id)) {
            exceeds(() => window.received(2, id));
          } else {
            assert.equal(window.received(2, id), !known.has(id));
            known.add(id);
            holding.add(id);
          }
        } else if (what === 'puback' && unacked1 > 0) {
          window.acknowledge();
          unacked1 -= 1;
        } else if (what === 'pubrel') {
          assert.equal(window.release(id), known.delete(id));
          holding.delete(id);
        } else if (what === 'reset') {
          window.reset(4);
          unacked1 = 0;
          holding.clear();
        }
        assert.equal(window.unacknowledged, unacked1 + holding.size);
        assert.deepEqual(new Set(window.ids()), known);
      }
    }),
  );
});
