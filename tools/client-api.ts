/**
 * Keeps the client's public declarations in `packages/client/api`, where a change of them shows in
 * review: writes them, or with `--check` says what differs. Needs a build.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { declarationsOf, linesWithBuffer } from './api/declarations.ts';

const folder = fileURLToPath(new URL('../packages/client', import.meta.url));
const kept = join(folder, 'api');
const declarations = declarationsOf(folder);
const problems: string[] = [];

for (const [name, text] of declarations) {
  for (const line of linesWithBuffer(text)) problems.push(`${name}: a Buffer: ${line.trim()}`);
}
if (process.argv.includes('--check')) {
  const there = new Set(readdirSync(kept));
  for (const [name, text] of declarations) {
    if (!there.delete(name)) problems.push(`${name} is not kept`);
    else if (readFileSync(join(kept, name), 'utf8') !== text) problems.push(`${name} differs`);
  }
  for (const name of there) problems.push(`${name} is no entry`);
} else {
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept);
  for (const [name, text] of declarations) writeFileSync(join(kept, name), text);
}
if (problems.length > 0) {
  console.error(`the client's declarations:\n${problems.join('\n')}`);
  console.error(`if that is meant: npm run api, and look at the difference`);
  process.exitCode = 1;
}
