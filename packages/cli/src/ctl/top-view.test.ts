import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Sample, sparkline, TopView } from './top-view.ts';

const sample = (atMs: number, received: number): Sample => ({
  atMs,
  broker: {
    connectionsOpen: 3,
    sessions: 4,
    subscriptions: 5,
    messagesReceived: received,
    messagesSent: 0,
    bytesReceived: 0,
    bytesSent: 0,
    messagesDroppedExpired: received / 10,
  },
  totals: { queuedMessages: 6, inflightMessages: 7 },
});

test('TopView shows values, and how fast counters grow', () => {
  const view = new TopView();
  equal(view.add(sample(0, 0)), false);
  equal(view.add(sample(2_000, 100)), true);
  equal(
    view.line(),
    'connections 3  sessions 4  subscriptions 5  received/s 50  sent/s 0  bytes in/s 0  ' +
      'bytes out/s 0  queued 6  in flight 7  dropped/s 5\n',
  );
  view.add(sample(3_000, 200_100));
  match(view.screen('title'), /^received\/s +200,000 {2}▁█$/m);
});

test('sparkline is as high as the highest', () => {
  equal(sparkline([0, 5, 10]), '▁▅█');
  equal(sparkline([0, 0]), '▁▁');
});
