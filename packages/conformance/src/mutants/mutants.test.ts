import { deepEqual, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Standard, statementOf } from '../statements/index.ts';
import { concerned, undetected } from '../testing/undetected.ts';
import { mutants } from './index.ts';
import type { Mutant } from './mutant.ts';

const standards: readonly Standard[] = ['v5', 'v3'];

/** Of each chapter of 5.0 the mutant that the fewest cases are about; interop runs them all. */
function onePerChapter(): Mutant[] {
  const chapters = new Map<string, Mutant>();
  for (const mutant of mutants) {
    for (const id of mutant.breaks.v5 ?? []) {
      const chapter = /^MQTT-\d+\.\d+/.exec(id)![0];
      const other = chapters.get(chapter);
      if (other === undefined || concerned(mutant).length < concerned(other).length) {
        chapters.set(chapter, mutant);
      }
    }
  }
  return [...new Set(chapters.values())];
}

suite('mutants:', () => {
  test('every name is used once', () => {
    const names = mutants.map(({ name }) => name);
    deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('each breaks statements, and all of them exist', () => {
    for (const { name, breaks } of mutants) {
      const ids = standards.flatMap(standard =>
        (breaks[standard] ?? []).map(id => [standard, id] as const),
      );
      ok(ids.length > 0, `${name}: breaks nothing`);
      for (const [standard, id] of ids) {
        ok(statementOf(standard, id) !== undefined, `${name}: no ${id} in ${standard}`);
      }
    }
  });
});

suite('a broker is found out that', () => {
  for (const mutant of onePerChapter()) {
    test(mutant.name, async () => deepEqual(await undetected(mutant), []));
  }
});
