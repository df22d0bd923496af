import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { ByteStream } from './byte-stream.ts';
import { MemoryNetwork } from './memory-network.ts';

/** Deferred calls that a test runs itself. */
function deferredCalls(): { defer: (call: () => void) => void; run: () => void } {
  const calls: (() => void)[] = [];
  return {
    defer: call => void calls.push(call),
    run() {
      while (calls.length > 0) calls.shift()!();
    },
  };
}

function recording(stream: ByteStream): string[] {
  const events: string[] = [];
  stream.open({
    onData: chunk => void events.push(`data ${chunk}`),
    onEnd: () => void events.push('end'),
    onDrain: () => void events.push('drain'),
    onClose: error => void events.push(`close ${(error as NodeJS.ErrnoException)?.code}`),
  });
  return events;
}

test('joins connect to listen by name, and hands over the same memory', () => {
  const { defer, run } = deferredCalls();
  const network = new MemoryNetwork(defer);
  let accepted: string[] = [];
  const listener = network.listen('broker', stream => {
    accepted = recording(stream);
  });
  assert.equal(listener.address, 'broker');
  const stream = network.connect('broker');
  assert.equal(stream.remoteAddress, 'broker');
  const events = recording(stream);
  stream.write(Uint8Array.of(1, 2), () => events.push('done'));
  assert.deepEqual(events, []);
  run();
  assert.deepEqual(accepted, ['data 1,2']);
  assert.deepEqual(events, ['done', 'drain']);
});

test('nobody there: refused at once, or reset when the listener goes first', async () => {
  const { defer, run } = deferredCalls();
  const network = new MemoryNetwork(defer);
  assert.throws(() => network.connect('broker'), { code: 'ECONNREFUSED' });
  const listener = network.listen('broker', () => assert.fail('has been closed'));
  assert.throws(() => network.listen('broker', () => {}), { code: 'EADDRINUSE' });
  const events = recording(network.connect('broker'));
  await listener.close();
  run();
  assert.deepEqual(events, ['close ECONNRESET']);
  network.listen('broker', () => {});
  await listener.close();
  network.connect('broker');
});
