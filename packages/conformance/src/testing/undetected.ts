/** Runs the cases against a mutant of our broker, to see whether they find out what it breaks. */
import { SeededRandom } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { cases } from '../cases/index.ts';
import { type Mutant, mutated } from '../mutants/mutant.ts';
import { run } from '../runner/run.ts';
import type { Standard } from '../statements/index.ts';
import { brokerSut, brokerTarget } from './broker-target.ts';

const standards: readonly Standard[] = ['v5', 'v3'];

/** The cases about statements that the mutant breaks, each narrowed to those statements. */
export function concerned({ breaks }: Mutant): ConformanceCase[] {
  return cases.flatMap(one => {
    const { v5: _v5, v3: _v3, ...rest } = one;
    let narrowed: ConformanceCase = rest;
    for (const standard of standards) {
      const ids = one[standard]?.filter(id => breaks[standard]?.includes(id)) ?? [];
      if (ids.length > 0) narrowed = { ...narrowed, [standard]: ids };
    }
    return narrowed === rest ? [] : [narrowed];
  });
}

/** Statements that the mutant breaks and of which every case passes: `v5 MQTT-3.12.4-1`. */
export async function undetected(mutant: Mutant): Promise<string[]> {
  const results = await run({
    cases: concerned(mutant),
    sut: brokerSut,
    openTarget: () => mutated(brokerTarget(), mutant),
    random: new SeededRandom(1),
  });
  const failures = results.filter(({ outcome }) => outcome === 'failed');
  const found = new Set(
    failures.flatMap(({ standard, ids }) => ids.map(id => `${standard} ${id}`)),
  );
  return standards
    .flatMap(standard => mutant.breaks[standard]?.map(id => `${standard} ${id}`) ?? [])
    .filter(id => !found.has(id));
}
