import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Message } from '@godwit/client';
import { VirtualClock } from '@godwit/testkit';
import { formatterOf, type OutputValues } from './formatter.ts';
import { localTime, timeFields } from './strftime.ts';

const clock = new VirtualClock();

function messageOf(payload: string | Uint8Array, fields: Partial<Message> = {}): Message {
  const bytes = Buffer.from(payload as string);
  return {
    topic: 'a/b',
    payload: bytes,
    text: () => String(bytes),
    qos: 1,
    retain: true,
    dup: false,
    userProperties: [],
    subscriptionIds: [],
    ...fields,
  } as unknown as Message;
}

const full = messageOf('héllo', {
  contentType: 'text/plain',
  correlationData: Buffer.from('c'),
  expiryMs: 60_000,
  payloadFormatIndicator: 1,
  responseTopic: 'r/t',
  subscriptionIds: [7, 8],
  userProperties: [
    ['k', 'v'],
    ['k', 'w'],
  ],
});

const printed = (values: OutputValues, message = full): string =>
  String(formatterOf({ omitNewline: true, ...values }, clock)(message));

suite('how a message is printed', () => {
  test('payload, or topic and payload, byte by byte', () => {
    const binary = messageOf(new Uint8Array([0, 255, 10]));
    deepEqual([...formatterOf({}, clock)(binary)], [0, 255, 10, 10]);
    equal(printed({ verbose: true }), 'a/b héllo');
    equal(printed({ verbose: true }, messageOf('')), 'a/b (null)');
  });

  test('-F: parts of the message', () => {
    equal(printed({ format: '%t %p %q %r %l' }), 'a/b héllo 1 1 6');
    equal(printed({ format: '%C %D %E %F %P %R %S' }), 'text/plain c 60 1 k:v k:w r/t 7');
    equal(printed({ format: '%x|%X' }, messageOf('jk')), '6a6b|6A6B');
    equal(printed({ format: '[%A%C%D%E%F%P%R%S]' }, messageOf('')), '[]');
    equal(printed({ format: '100%%' }), '100%');
    deepEqual([...formatterOf({ format: '%p%p' }, clock)(messageOf(Buffer.of(255)))].length, 3);
  });

  test('-F: width, precision and flags', () => {
    const format = '%6t|%-6t|%.1t|%3.1t|%06t|%08l|%-4l|%4l|%8p|%-8p|%05E|%8.4C|%-05l|%6.2q';
    const fields = [
      ...['   a/b', 'a/b   ', 'a', '  a', '   a/b', '00000006', '6   ', '   6'],
      ...['  héllo', 'héllo  ', '00060', '    text', '6    ', '1'],
    ];
    equal(printed({ format }), fields.join('|'));
  });

  test('-F: escapes', () => {
    equal(printed({ format: 'a\\n\\t\\r\\0\\e\\a\\v\\\\z' }), 'a\n\t\r\0\x1b\x07\v\\z');
  });

  test('-F: time', () => {
    match(printed({ format: '%I' }), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/);
    match(printed({ format: '%U' }), /^\d+\.\d{9}$/);
    equal(printed({ format: '@Y-@m@@' }), `${localTime('%Y-%m', clock.wallMs())}@`);
  });

  test('-F: JSON as Mosquitto has it', () => {
    const object = JSON.parse(printed({ format: '%j' }));
    match(object.tst, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d{4}$/);
    deepEqual(object, {
      tst: object.tst,
      topic: 'a/b',
      qos: 1,
      retain: 1,
      payloadlen: 6,
      properties: {
        'content-type': 'text/plain',
        'correlation-data': 'c',
        'payload-format-indicator': 1,
        'response-topic': 'r/t',
        'subscription-identifier': 7,
        'user-properties': { k: 'w' },
        'message-expiry-interval': 60,
      },
      payload: 'héllo',
    });
    const plain = JSON.parse(printed({ format: '%J' }, messageOf('{"a":[1]}')));
    deepEqual([plain.payload, 'properties' in plain], [{ a: [1] }, false]);
    equal(JSON.parse(printed({ format: '%j' }, messageOf(''))).payload, null);
  });

  test('-F: what means nothing is refused beforehand', () => {
    for (const bad of ['%', '%k', '%10', '\\q', 'x\\', '@', '@Q', '%m']) {
      throws(() => formatterOf({ format: bad }, clock), /^UsageError: -F: .* means nothing/, bad);
    }
    throws(() => formatterOf({ format: '%t', output: 'json' }, clock), /exclude each other/);
  });

  test('-o json: everything, on one line or several', () => {
    const text = printed({ output: 'json' });
    equal(text.includes('\n'), false);
    const { timestamp, ...object } = JSON.parse(text);
    equal(timestamp, new Date(clock.wallMs()).toISOString());
    deepEqual(object, {
      topic: 'a/b',
      qos: 1,
      retain: true,
      dup: false,
      payload: 'héllo',
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 60,
        contentType: 'text/plain',
        responseTopic: 'r/t',
        correlationData: 'c',
        userProperties: [
          ['k', 'v'],
          ['k', 'w'],
        ],
        subscriptionIdentifiers: [7, 8],
      },
    });
    match(printed({ output: 'json', pretty: true }), /\n {2}"topic"/);
    equal(JSON.parse(printed({ output: 'json' }, messageOf(Buffer.of(255)))).payloadBase64, '/w==');
  });
});

test('localTime', () => {
  const wallMs = new Date(2026, 1, 3, 14, 5, 6, 78).getTime();
  equal(localTime('%Y-%m-%d %H:%M:%S.%N', wallMs), '2026-02-03 14:05:06.078000000');
  equal(
    localTime('%A %a %B %b %h %e %j %p %I %l %k', wallMs),
    'Tuesday Tue February Feb Feb  3 034 PM 02  2 14',
  );
  equal(
    localTime('%D %F %T %R %r %y %C', wallMs),
    '02/03/26 2026-02-03 14:05:06 14:05 02:05:06 PM 26 20',
  );
  equal(localTime('%u %w %U %W %n%t%%', wallMs), '2 2 05 05 \n\t%');
  equal(localTime('%s', wallMs), String(Math.floor(wallMs / 1000)));
  equal(localTime('%c', wallMs), 'Tue Feb  3 14:05:06 2026');
  equal(localTime('%I %p', new Date(2026, 0, 1, 0).getTime()), '12 AM');
  equal(timeFields.has('Q'), false);
});
