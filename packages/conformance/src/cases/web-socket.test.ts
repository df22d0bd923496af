import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { run } from '../runner/run.ts';
import type { CaseResult } from '../runner/run-case.ts';
import { unknownSut } from '../sut/sut.ts';
import type { Target } from '../target/target.ts';
import { brokerTarget } from '../testing/broker-target.ts';
import { type ClosingTarget, flawedTarget, webSocketTarget } from '../testing/web-socket-target.ts';
import { webSocketCases } from './web-socket.ts';

async function resultsOf(openTarget: () => Target): Promise<CaseResult[]> {
  const random = new SeededRandom(1);
  return await run({ cases: webSocketCases, sut: unknownSut, openTarget, random });
}

/** Titles of the cases that fail, each once. */
async function failures({ close, ...target }: ClosingTarget): Promise<string[]> {
  try {
    const results = await resultsOf(() => target);
    const failed = results.filter(({ outcome }) => outcome !== 'passed');
    return [...new Set(failed.map(({ title }) => title))];
  } finally {
    await close();
  }
}

suite('WebSocket', () => {
  const [text, frames, subprotocol] = webSocketCases.map(({ title }) => title);

  test('our broker does it right', async () => {
    deepEqual(await failures(await webSocketTarget()), []);
  });

  test('a server is found out that takes text', async () => {
    deepEqual(await failures(await flawedTarget({ takesText: true })), [text]);
  });

  test('a server is found out that wants a frame for each packet', async () => {
    deepEqual(await failures(await flawedTarget({ alignsFrames: true })), [frames]);
  });

  test('a server is found out that selects another subprotocol', async () => {
    deepEqual(await failures(await flawedTarget({ selectsFirst: true })), [subprotocol]);
  });

  test('where there is none, the cases do not apply', async () => {
    const results = await resultsOf(() => brokerTarget());
    equal(
      results.every(({ outcome }) => outcome === 'not applicable'),
      true,
    );
  });
});
