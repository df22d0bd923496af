import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Receipts } from './engine/receipts.ts';
import { Inbox } from './inbox.ts';
import { Message } from './message.ts';
import { publish } from './testing/scripted-server.ts';

const limits = { messagesMax: 10, bytesMax: 100 };

test('thousands of messages keep their order, through a long backlog', async () => {
  const acked: number[] = [];
  const receipts = new Receipts(receipt => acked.push(receipt.packetId));
  const inbox = new Inbox(limits);
  const ids = Array.from({ length: 5_000 }, (_, at) => at + 1);
  const read: Message[] = [];
  for (const packetId of ids) {
    inbox.push(new Message(publish({ qos: 1, packetId }), receipts.open(packetId)));
    // half as fast as they come
    if (packetId % 2 === 0) read.push((await inbox.next(inbox)).value!);
  }
  assert.equal(receipts.size, 5_000);
  while (read.length < ids.length) read.push((await inbox.next(inbox)).value!);
  // acknowledged in an order of its own: first every other one, then the rest
  for (const parity of [1, 0]) {
    for (const [at, message] of read.entries()) {
      if (at % 2 === parity) message.ack();
    }
  }
  assert.deepEqual(acked, ids);
  assert.equal(receipts.size, 0);
});

test('what is put back comes first, also for a reader that waits already', async () => {
  const receipts = new Receipts(() => {});
  const inbox = new Inbox(limits);
  const message = (packetId: number): Message =>
    new Message(publish({ qos: 1, packetId }), receipts.open(packetId));
  const [first, second, third] = [message(1), message(2), message(3)];
  inbox.push(first);
  const { value } = await inbox.next(inbox);
  assert.equal(value, first);
  const waiting = inbox.next(inbox);
  third.ack();
  inbox.putBack([third, first, second]);
  assert.equal((await waiting).value, first);
  assert.equal((await inbox.next(inbox)).value, second);
});

test('what is put back when nobody reads any more is refused', () => {
  const inbox = new Inbox(limits);
  const reasons: number[] = [];
  const receipts = new Receipts(receipt => reasons.push(receipt.reasonCode));
  const message = new Message(publish({ qos: 1, packetId: 1 }), receipts.open(1));
  inbox.release();
  inbox.putBack([message]);
  assert.deepEqual(reasons, [0x83]);
});
