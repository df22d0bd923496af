import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type InflightState, OutboundState, OutboundWindow } from './outbound-window.ts';

const { free, reserved, awaitingPuback, awaitingPubrec, awaitingPubcomp } = OutboundState;

function inOrder<M>(window: OutboundWindow<M>): [number, InflightState, M | undefined][] {
  const all: [number, InflightState, M | undefined][] = [];
  window.inOrder((id, state, message) => all.push([id, state, message]));
  return all;
}

function allOwed(window: OutboundWindow<unknown>): number[] {
  const ids: number[] = [];
  for (let id = window.nextOwed(); id !== 0; id = window.nextOwed()) ids.push(id);
  return ids;
}

test('QoS 1: in flight until PUBACK', () => {
  const window = new OutboundWindow<string>(2);
  const id = window.send(1, 'hello');
  assert.equal(id, 1); // never 0 [MQTT-2.2.1-4]
  assert.equal(window.stateOf(id), awaitingPuback);
  assert.equal(window.messageOf(id), 'hello');
  assert.equal(window.complete(id), false);
  assert.equal(window.received(id, 0x00), false);
  assert.equal(window.acknowledge(id), true);
  assert.equal(window.stateOf(id), free);
  assert.equal(window.messageOf(id), undefined);
  assert.equal(window.acknowledge(id), false);
  assert.equal(window.size, 0);
});

test('QoS 2: PUBREC, then PUBCOMP', () => {
  const window = new OutboundWindow<string>(1);
  const id = window.send(2);
  assert.equal(window.acknowledge(id), false);
  assert.equal(window.complete(id), false);
  assert.equal(window.received(id, 0x10), true); // no matching subscribers: still below 0x80
  assert.equal(window.stateOf(id), awaitingPubcomp);
  assert.equal(window.received(id, 0x00), true); // PUBREC once more: PUBREL once more
  assert.equal(window.hasRoom, false); // the quota comes back with PUBCOMP
  assert.equal(window.complete(id), true);
  assert.equal(window.hasRoom, true);
});

test('QoS 2: PUBREC of 0x80 or above ends the message and gives its quota back', () => {
  const window = new OutboundWindow<string>(1);
  const id = window.send(2, 'refused');
  assert.equal(window.received(id, 0x87), true); // [MQTT-4.4.0-2]
  assert.equal(window.stateOf(id), free);
  assert.equal(window.hasRoom, true);
  assert.equal(window.received(id, 0x87), false);
});

test('no room beyond the Receive Maximum [MQTT-3.3.4-7]', () => {
  const window = new OutboundWindow<string>(2);
  window.send(1);
  window.send(2);
  assert.equal(window.hasRoom, false);
  assert.throws(() => window.send(1), RangeError);
  assert.equal(window.reserve(), 3); // requests take no quota [MQTT-4.9.0-3]
  assert.equal(window.release(2), true); // too large for this peer after all [MQTT-3.1.2-25]
  assert.equal(window.hasRoom, true);
  assert.equal(window.send(2), 4);
  assert.equal(window.size, 2);
});

test('requests share the identifiers, but are never resent', () => {
  const window = new OutboundWindow<string>(10);
  assert.deepEqual([window.send(1), window.reserve(), window.send(1)], [1, 2, 3]);
  assert.equal(window.stateOf(2), reserved);
  assert.equal(window.acknowledge(2), false);
  window.reset(10);
  assert.deepEqual(allOwed(window), [1, 3]);
  assert.equal(window.release(2), true);
  assert.equal(window.release(2), false);
});

test('identifiers go round from 65,535 to 1 and skip those in use [MQTT-2.2.1-3]', () => {
  const window = new OutboundWindow<string>(65_535);
  const stuck = [window.send(1), window.send(2, 'kept'), window.send(1)];
  assert.deepEqual(stuck, [1, 2, 3]);
  let last = 3;
  while (last < 65_535) {
    const id = window.send(1);
    assert(id > last);
    last = id;
    window.acknowledge(id);
  }
  const next = window.send(1);
  assert(next > 3 && next < 16, `${next}`);
  // Order is that of sending, not of identifiers.
  assert.deepEqual(
    inOrder(window).map(([id]) => id),
    [1, 2, 3, next],
  );
  assert.equal(window.messageOf(2), 'kept');
});

test('all 65,535 identifiers in use: no room, no spinning', () => {
  const window = new OutboundWindow<number>(65_535);
  const seen = new Set<number>();
  while (window.hasRoom) seen.add(window.send(2, seen.size));
  assert.equal(seen.size, 65_535);
  assert.equal(seen.has(0), false);
  assert.equal(window.reserve(), 0);
  assert.throws(() => window.send(1), RangeError);
  assert.equal(window.release(40_000), true);
  assert.equal(window.reserve(), 40_000); // the only free one
  window.release(40_000);
  assert.equal(window.send(1), 40_000);
  for (const id of seen) window.release(id);
  assert.equal(window.size, 0);
  assert.equal(window.send(1), 40_001);
});

test('a session resumes: PUBRELs, then PUBLISHes, in order of sending [MQTT-4.4.0-1]', () => {
  const window = new OutboundWindow<string>(10);
  for (const text of ['a', 'b', 'c', 'd', 'e']) window.send(text === 'c' ? 1 : 2, text);
  window.received(2, 0x00);
  window.received(4, 0x00);
  window.acknowledge(3);
  window.reset(10);
  assert.equal(window.hasRoom, false); // what is owed goes first
  assert.deepEqual(allOwed(window), [2, 4, 1, 5]);
  assert.deepEqual(allOwed(window), []); // once per connection
  assert.equal(window.hasRoom, true);
  assert.deepEqual(inOrder(window), [
    [1, awaitingPubrec, 'a'],
    [2, awaitingPubcomp, 'b'],
    [4, awaitingPubcomp, 'd'],
    [5, awaitingPubrec, 'e'],
  ]);
});

test('a session resumes within a smaller Receive Maximum', () => {
  const window = new OutboundWindow<string>(10);
  for (let count = 0; count < 5; count += 1) window.send(count === 0 ? 2 : 1);
  window.received(1, 0x00);
  window.reset(2);
  assert.deepEqual(allOwed(window), [1, 2, 3]); // a PUBREL takes no quota
  assert.equal(window.hasRoom, false);
  assert.equal(window.complete(1), true);
  assert.deepEqual(allOwed(window), []); // and gives none back
  window.acknowledge(3);
  assert.deepEqual(allOwed(window), [4]);
  window.acknowledge(2);
  assert.equal(window.hasRoom, false); // 5 is owed still
  assert.deepEqual(allOwed(window), [5]);
  window.acknowledge(4);
  assert.equal(window.hasRoom, true);
});

test('an acknowledgement that comes before the resending settles what is owed', () => {
  const window = new OutboundWindow<string>(10);
  for (let count = 0; count < 4; count += 1) window.send(2);
  window.reset(1);
  assert.equal(window.nextOwed(), 1);
  assert.equal(window.nextOwed(), 0);
  assert.equal(window.release(2), true); // the one that would be next
  assert.equal(window.received(3, 0x00), true); // answered with PUBREL, so not owed again
  window.received(1, 0x80);
  assert.deepEqual(allOwed(window), [4]);
  assert.equal(window.hasRoom, false);
  window.reset(1);
  assert.deepEqual(allOwed(window), [3, 4]);
});

test('a stored session is restored in order, and identifiers go on after it', () => {
  const window = new OutboundWindow<string>(10);
  window.restore(65_534, awaitingPubcomp);
  window.restore(65_535, awaitingPubrec, 'b');
  window.restore(15, awaitingPuback, 'c'); // the slot of 65,535 while there are 16
  assert.throws(() => window.restore(15, awaitingPuback), RangeError);
  assert.throws(() => window.restore(0, awaitingPuback), RangeError);
  window.reset(10);
  assert.deepEqual(allOwed(window), [65_534, 65_535, 15]);
  assert.equal(window.send(1, 'd'), 16);
  assert.deepEqual(inOrder(window), [
    [65_534, awaitingPubcomp, undefined],
    [65_535, awaitingPubrec, 'b'],
    [15, awaitingPuback, 'c'],
    [16, awaitingPuback, 'd'],
  ]);
  window.clear();
  assert.equal(window.size, 0);
  assert.deepEqual(inOrder(window), []);
});

test('messages may be released while they are walked', () => {
  const window = new OutboundWindow<string>(10);
  for (const text of ['a', 'b', 'c']) window.send(1, text);
  window.inOrder(id => window.release(id));
  assert.equal(window.size, 0);
});

interface Entry {
  state: InflightState;
  message: number;
  counted: boolean;
  owed: boolean;
}

/** The same rules by a Map, whose order of insertion is the order of sending. */
class Model {
  readonly entries = new Map<number, Entry>();
  readonly requests = new Set<number>();
  receiveMaximum = 5;

  get unacknowledged(): number {
    return [...this.entries.values()].filter(entry => entry.counted).length;
  }

  get hasRoom(): boolean {
    const owes = [...this.entries.values()].some(
      entry => entry.owed && entry.state !== awaitingPubcomp,
    );
    return this.unacknowledged < this.receiveMaximum && !owes;
  }

  finish(id: number, state: InflightState): boolean {
    return this.entries.get(id)?.state === state && this.entries.delete(id);
  }

  reset(receiveMaximum: number): void {
    this.receiveMaximum = receiveMaximum;
    for (const entry of this.entries.values()) {
      entry.counted = false;
      entry.owed = true;
    }
  }

  nextOwed(): number {
    const owing = [...this.entries].filter(([, entry]) => entry.owed);
    const release = owing.find(([, entry]) => entry.state === awaitingPubcomp);
    const publish = this.unacknowledged < this.receiveMaximum ? owing[0] : undefined;
    const [id, entry] = release ?? publish ?? [0, undefined];
    if (entry === undefined) return 0;
    entry.owed = false;
    entry.counted = entry.state !== awaitingPubcomp;
    return id;
  }
}

type Step = [action: string, pick: number, value: number];

function take(window: OutboundWindow<number>, model: Model, step: Step): void {
  const [action, pick, value] = step;
  const ids = [...model.entries.keys(), ...model.requests, 9_999];
  const id = ids[pick % ids.length];
  const entry = model.entries.get(id);
  if (action === 'send' && window.hasRoom) {
    const qos = value % 2 === 0 ? 1 : 2;
    const sent = window.send(qos, value);
    assert(sent > 0 && !model.entries.has(sent) && !model.requests.has(sent));
    const state = qos === 1 ? awaitingPuback : awaitingPubrec;
    model.entries.set(sent, { state, message: value, counted: true, owed: false });
  } else if (action === 'reserve') {
    const taken = window.reserve();
    assert(taken > 0 && !model.entries.has(taken) && !model.requests.has(taken));
    model.requests.add(taken);
  } else if (action === 'release') {
    assert.equal(window.release(id), model.entries.delete(id) || model.requests.delete(id));
  } else if (action === 'acknowledge') {
    assert.equal(window.acknowledge(id), model.finish(id, awaitingPuback));
  } else if (action === 'complete') {
    assert.equal(window.complete(id), model.finish(id, awaitingPubcomp));
  } else if (action === 'received') {
    const isQoS2 = entry !== undefined && entry.state !== awaitingPuback;
    assert.equal(window.received(id, value), isQoS2);
    if (isQoS2 && value >= 0x80) model.entries.delete(id);
    else if (isQoS2) Object.assign(entry, { state: awaitingPubcomp, owed: false });
  } else if (action === 'reset') {
    window.reset((value % 8) + 1);
    model.reset((value % 8) + 1);
    // As after a CONNACK: all PUBRELs go out at once.
    for (let next = window.nextOwed(); next !== 0; next = window.nextOwed()) {
      assert.equal(next, model.nextOwed());
    }
    assert.equal(model.nextOwed(), 0);
  } else if (action === 'resend') {
    assert.equal(window.nextOwed(), model.nextOwed());
  }
}

test('equals a model by Maps under any events, within the Receive Maximum', () => {
  const action = fc.constantFrom(
    ...['send', 'send', 'send', 'reserve', 'release', 'acknowledge', 'acknowledge'],
    ...['received', 'received', 'complete', 'complete', 'reset', 'resend', 'resend'],
  );
  const step: fc.Arbitrary<Step> = fc.tuple(action, fc.nat(), fc.nat({ max: 0xff }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.nat({ max: 200 }), (steps, burned) => {
      const window = new OutboundWindow<number>(5);
      window.restore(65_535 - burned, awaitingPuback); // so that identifiers go round
      window.clear();
      const model = new Model();
      for (const one of steps) {
        take(window, model, one);
        assert(model.unacknowledged <= model.receiveMaximum);
        const expected = [...model.entries].map(([id, e]) => [id, e.state, e.message]);
        assert.deepEqual(inOrder(window), expected);
        assert.equal(window.size, model.entries.size);
        if (one[0] === 'resend' && window.nextOwed() === model.nextOwed()) {
          assert.equal(window.hasRoom, model.hasRoom);
        }
      }
    }),
    { numRuns: 300 },
  );
});
