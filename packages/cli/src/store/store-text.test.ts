import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { damageText, storeText } from './store-text.ts';

const log = { segments: [], size: 1000, bytes: 900, deadBytes: 100 };

test('storeText shows counts and the longest queues, whatever clients are called', () => {
  const text = storeText({
    format: 2,
    counts: { session: 1234, subscription: 2, message: 3, retained: 4, will: 5 },
    queues: [
      { clientId: 'a\n"', waiting: 1000, inFlight: 2, payloadBytes: 30_000 },
      { clientId: 'x'.repeat(100), waiting: 1, inFlight: 0, payloadBytes: 1 },
    ],
    files: { accepts: log, state: log },
  });
  equal(
    text,
    `format         2
sessions       1,234
subscriptions  2
messages       3
retained       4
wills          5
message log    0 files of 1,000 bytes; 900 written, 100 of them not needed any more
state log      0 files of 1,000 bytes; 900 written, 100 of them not needed any more

${'client identifier'.padEnd(60)}  waiting  in flight  payload bytes
${'a\\n\\"'.padEnd(60)}    1,000          2         30,000
${'x'.repeat(60)}        1          0              1
`,
  );
});

test('damageText has a line for each place', () => {
  const problems = [{ file: 'a.log', offset: 5, what: 'is bad' }];
  equal(damageText(problems), 'a.log, byte 5: is bad\n');
});
