import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { linesOf } from './lines.ts';

async function* chunksOf(text: string, sizes: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

async function linesIn(text: string, sizes: readonly number[] = []): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunksOf(text, sizes))) lines.push(String(line));
  return lines;
}

test('linesOf keeps empty lines, and a last line without an end', async () => {
  deepEqual(await linesIn('a\n\nb'), ['a', '', 'b']);
  deepEqual(await linesIn('a\r\n'), ['a\r']);
  deepEqual(await linesIn(''), []);
  deepEqual(await linesIn('\n'), ['']);
});

test('linesOf does not mind how the bytes arrive', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'é', '\n') });
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(4)), async (input, sizes) => {
      const expected = input.split('\n');
      if (expected.at(-1) === '') expected.pop();
      deepEqual(await linesIn(input, sizes), expected);
    }),
  );
});
