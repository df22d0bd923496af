/** The suite that every storage engine passes. */

import { suite, test } from 'node:test';
import { acceptLogContract } from './accept-log-contract.ts';
import type { Checks, OpenEngine } from './engine-under-test.ts';
import { lifeContract } from './life-contract.ts';
import { LogUser } from './log-user.ts';
import { marksContract } from './marks-contract.ts';
import { recoveryContract } from './recovery-contract.ts';
import { tableContract } from './table-contract.ts';

const PARTS: Readonly<Record<string, Checks>> = {
  'accept log': acceptLogContract,
  marks: marksContract,
  tables: tableContract,
  life: lifeContract,
  recovery: recoveryContract,
};

/**
 * Defines the tests of the contract, for `node:test`: engines that `open` makes are called `name`.
 *
 * @example
 * engineContract('my engine', async () => openSubject());
 */
export function engineContract(name: string, open: OpenEngine): void {
  for (const [part, checks] of Object.entries(PARTS)) {
    suite(`${name}: ${part}`, () => {
      for (const [what, check] of Object.entries(checks)) {
        test(what, async () => {
          const subject = await open();
          try {
            await check(await LogUser.begin(subject.engine), subject);
          } finally {
            await subject.close();
          }
        });
      }
    });
  }
}
