import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import type { ArchiveRecord } from '@godwit/broker';
import { ArchiveError, archiveLines, archiveRecords } from './archive-lines.ts';

const header = '{"archive":"godwit","version":1}';

async function* each<T>(...items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function read(...lines: readonly (string | Uint8Array)[]): Promise<ArchiveRecord[]> {
  const bytes = lines.map(line => (typeof line === 'string' ? Buffer.from(line) : line));
  const records: ArchiveRecord[] = [];
  for await (const [, record] of archiveRecords(each(...bytes))) records.push(record);
  return records;
}

async function write(...records: readonly ArchiveRecord[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of archiveLines(each(...records))) lines.push(line.trimEnd());
  return lines;
}

function parsed(line: string): unknown {
  return JSON.parse(line);
}

const content = { topic: 't/ü', payload: Uint8Array.of(0, 255), qos: 2 } as const;
const properties = {
  payloadFormatIndicator: 0,
  messageExpiryInterval: 60,
  correlationData: Uint8Array.of(1),
  userProperties: [['k', 'v']],
} as const;
const full: readonly ArchiveRecord[] = [
  {
    kind: 'session',
    clientId: 'a"\n',
    expirySeconds: 60,
    expiresAtMs: 5,
    sentUpTo: 7,
    received: [7],
    inbound: [1, 2],
  },
  {
    kind: 'subscription',
    clientId: 'a',
    filter: '#',
    qos: 0,
    noLocal: true,
    retainAsPublished: true,
    identifier: 3,
  },
  {
    kind: 'message',
    ...content,
    expiresAtMs: 9,
    properties,
    retain: true,
    targets: [
      { clientId: 'a', number: 8, qos: 1, retain: true, identifiers: [3], share: '$share/g/#' },
    ],
  },
  { kind: 'retained', ...content, expiresAtMs: null, properties: {} },
  {
    kind: 'will',
    clientId: 'a',
    dueAtMs: null,
    ...content,
    retain: false,
    properties: { willDelayInterval: 0 },
  },
];

suite('archive lines', () => {
  test('say what they say, and no more', async () => {
    const lines = await write(...full);
    assert.deepEqual(lines.slice(0, 2), [
      header,
      '{"kind":"session","clientId":"a\\"\\n","expirySeconds":60,"expiresAtMs":5,"sentUpTo":7,"received":[7],"inbound":[1,2]}',
    ]);
    assert.equal(lines[4], '{"kind":"retained","topic":"t/ü","payload":"AP8=","qos":2}');
    assert.deepEqual(await read(...lines), full);
    const again = await write(...(await read(...lines, '')));
    assert.deepEqual(again.map(parsed), lines.map(parsed));
  });

  test('have properties in one order, whatever the order of the publisher', async () => {
    const [, line] = await write({
      kind: 'retained',
      ...content,
      expiresAtMs: null,
      properties: { responseTopic: 'r', contentType: 'c' },
    });
    assert.match(line, /"properties":{"contentType":"c","responseTopic":"r"}/);
  });

  test('are as the documentation shows them', async () => {
    const page = new URL('../../../../docs/operate/storage.md', import.meta.url);
    const [, block] = /```ndjson\n(.*?)\n```/s.exec(readFileSync(page, 'utf8'))!;
    const lines = block.split('\n');
    const again = await write(...(await read(...lines)));
    assert.deepEqual(again.map(parsed), lines.map(parsed));
    assert.equal(new Set((await read(...lines)).map(({ kind }) => kind)).size, 5);
  });

  const refused: [string, readonly (string | Uint8Array)[], RegExp][] = [
    ['nothing', [], /^line 1: is not there/],
    ['no JSON', [header, '', '{'], /^line 3: is not JSON/],
    ['no UTF-8', [header, Uint8Array.of(0x22, 0xff, 0x22)], /^line 2: is not JSON in UTF-8/],
    ['no header', ['{"kind":"session"}'], /^line 1: is not the beginning/],
    ['null', ['null'], /^line 1: is not the beginning/],
    ['a later version', ['{"archive":"godwit","version":2}'], /^line 1: version is 2, .* knows 1/],
    ['an unknown kind', [header, '{"kind":"x"}'], /^line 2: kind: /],
    ['an unknown field', [header, '{"kind":"session","colour":1}'], /^line 2: /],
    [
      'no base64',
      [header, '{"kind":"retained","topic":"t","qos":1,"payload":"a"}'],
      /^line 2: payload: expected base64/,
    ],
  ];
  for (const [name, lines, expected] of refused) {
    test(`refuse ${name}`, async () => {
      await assert.rejects(
        read(...lines),
        error => error instanceof ArchiveError && expected.test(error.message),
      );
    });
  }
});
