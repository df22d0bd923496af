import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { versionsOf } from '../case/conformance-case.ts';
import { concernsServers, type Standard, statementOf, statements } from '../statements/index.ts';
import { cases } from './index.ts';
import { missing } from './missing.ts';

const standards: readonly Standard[] = ['v5', 'v3'];

test('every title is used once', () => {
  const titles = cases.map(one => one.title);
  deepEqual(
    titles.filter((title, index) => titles.indexOf(title) !== index),
    [],
  );
});

test('every case runs with some version, and its versions are of its standards', () => {
  for (const one of cases) {
    const versions = versionsOf(one);
    ok(versions.length > 0, one.title);
    equal(versions.length, one.versions?.length ?? versions.length, one.title);
    ok(one.v5?.length !== 0 && one.v3?.length !== 0, `${one.title}: an empty list of ids`);
  }
});

test('cases name statements that exist, each once', () => {
  for (const one of cases) {
    for (const standard of standards) {
      const ids = one[standard] ?? [];
      for (const id of ids) {
        ok(statementOf(standard, id) !== undefined, `${one.title}: no ${id} in ${standard}`);
      }
      equal(new Set(ids).size, ids.length, `${one.title}: an id twice`);
    }
  }
});

for (const standard of standards) {
  test(`statements of ${standard} without a case are exactly those in missing.ts`, () => {
    const tested = new Set(cases.flatMap(one => one[standard] ?? []));
    const found = statements[standard]
      .filter(one => concernsServers(one) && one.testable !== 'untestable')
      .map(({ id }) => id)
      .filter(id => !tested.has(id));
    deepEqual(missing[standard], found);
  });
}
