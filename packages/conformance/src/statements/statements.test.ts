import { deepEqual, equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chapterOf, type Statement } from './statement.ts';
import { isStatement, statementOf, statements } from './statements.ts';

const every: readonly Statement[] = [...statements.v5, ...statements.v3];

test('5.0 has 251 normative statements and 3.1.1 has 141', () => {
  equal(statements.v5.length, 251);
  equal(statements.v3.length, 141);
});

test('the numbers of each section are unbroken and in order', () => {
  for (const standard of ['v5', 'v3'] as const) {
    const seen = new Map<string, number>();
    for (const { id } of statements[standard]) {
      const [, section, number] = /^(MQTT-[\d.]+)-(\d+)$/.exec(id) ?? [];
      ok(section !== undefined, `${id} is no id`);
      // Section 2.2.1 of 5.0 begins with 2.
      const before = seen.get(section) ?? (id === 'MQTT-2.2.1-2' ? 1 : 0);
      equal(Number(number), before + 1, `${standard} ${id}`);
      seen.set(section, Number(number));
    }
  }
});

test('a statement is found in its standard', () => {
  equal(statementOf('v5', 'MQTT-3.3.4-9')?.side, 'server');
  equal(statementOf('v3', 'MQTT-3.3.4-9'), undefined);
  for (const number of ['2.2.1-2', '3.3.4-10', '1.5.3-3'])
    ok(isStatement(`MQTT-${number}`), number);
  for (const number of ['2.2.1-1', '3.3.4-11', '9.9.9-1', '3.3.4']) {
    ok(!isStatement(`MQTT-${number}`), number);
  }
  ok(!isStatement('3.3.4-9'));
});

test('chapterOf gives the section to two places', () => {
  deepEqual(['MQTT-3.10.4-1', 'MQTT-4.2-1'].map(chapterOf), ['3.10', '4.2']);
});

test('what a client has to obey says where the client is tested, and nothing else does', () => {
  for (const { id, side, clientTests } of every) {
    equal(clientTests !== undefined, side !== 'server', id);
    if (clientTests !== undefined) ok(clientTests.length > 0, id);
  }
});

test('the tests that are named exist in the client package', () => {
  const folder = fileURLToPath(new URL('../../../client/', import.meta.url));
  const texts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.test.ts') && !path.includes('node_modules'))
    .map(path => readFileSync(join(folder, path), 'utf8'));
  for (const { id, clientTests = [] } of every) {
    for (const title of clientTests) {
      const quoted = [`'${title}'`, `"${title}"`];
      const exists = texts.some(text => quoted.some(name => text.includes(name)));
      ok(exists, `${id}: the client has no test '${title}'`);
    }
  }
});
