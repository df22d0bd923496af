/**
 * The contract every storage engine keeps, as a suite of tests: run it for each adapter. It needs
 * `node:test` and no access to the inside of an engine.
 */

import { describe, test } from 'node:test';
import { acceptLogContract } from './accept-log-contract.ts';
import type { Check, Checks, OpenEngine } from './engine-under-test.ts';
import { inboxesContract } from './inboxes-contract.ts';
import { lifeContract } from './life-contract.ts';
import { recoveryContract } from './recovery-contract.ts';
import { retainedStoreContract } from './retained-store-contract.ts';
import { sessionRegistryContract } from './session-registry-contract.ts';
import { willStoreContract } from './will-store-contract.ts';

/** A test that hangs has found an engine that forgot someone. */
const TIMEOUT_MS = 20_000;

const parts: Readonly<Record<string, Checks>> = {
  life: lifeContract,
  'accept log': acceptLogContract,
  recovery: recoveryContract,
  'session registry': sessionRegistryContract,
  inboxes: inboxesContract,
  'retained store': retainedStoreContract,
  'will store': willStoreContract,
};

/** Registers the suite for the engine `name`; `open` is called once for each test. */
export function engineContract(name: string, open: OpenEngine): void {
  describe(`storage engine contract: ${name}`, () => {
    for (const [part, checks] of Object.entries(parts)) {
      describe(part, () => {
        for (const [title, check] of Object.entries(checks)) {
          test(title, { timeout: TIMEOUT_MS }, () => run(check, open));
        }
      });
    }
  });
}

async function run(check: Check, open: OpenEngine): Promise<void> {
  const subject = await open();
  try {
    await subject.engine.start();
    await check(subject.engine, subject);
  } finally {
    await subject.close();
  }
}
