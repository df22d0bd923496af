/** Every TypeScript example of the documentation has the right types, runs, and prints what it says. */
import { deepEqual, equal } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Broker } from '@godwit/broker';
import { freePort } from '@godwit/testkit/free-port';
import { listenTcp } from '@godwit/transport/node';
import { examplesOf } from '../tools/docs/examples.ts';
import { readTree } from '../tools/tidy/tree.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));

const examples = [...readTree(root)]
  .filter(([path]) => path.endsWith('.md'))
  .flatMap(([path, text]) => examplesOf(path, text));

const TSCONFIG = {
  extends: '../../tsconfig.base.json',
  compilerOptions: { noEmit: true, composite: false, isolatedDeclarations: false },
  include: ['*.ts'],
};

/** A broker for an example of a client, which takes for granted that there is one. */
async function serve(t: TestContext, port: number): Promise<void> {
  const broker = new Broker();
  const listener = await listenTcp({ host: '127.0.0.1', port }, stream => broker.accept(stream));
  t.after(async () => {
    await listener.close();
    await broker.close();
  });
}

suite('examples of the documentation', () => {
  let folder = '';
  const ports: number[] = [];

  before(async () => {
    mkdirSync(join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(join(root, '.cache', 'examples-'));
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
    for (const [index, { code }] of examples.entries()) {
      const port = await freePort();
      ports.push(port);
      writeFileSync(join(folder, `example-${index}.ts`), code.replaceAll('1883', String(port)));
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('have the right types', { skip: examples.length === 0 }, async () => {
    const tsc = join(root, 'node_modules', '.bin', 'tsc');
    const { stdout } = await run(tsc, ['-p', folder]).catch(error => error);
    equal(stdout, '');
  });

  for (const [index, { place, code, output }] of examples.entries()) {
    test(place, async t => {
      if (code.includes('1883') && !/\blisten\w+\(/.test(code)) await serve(t, ports[index]);
      const program = join(folder, `example-${index}.ts`);
      const { stdout } = await run(process.execPath, ['--conditions=godwit-source', program], {
        cwd: root,
        timeout: 30_000,
      });
      if (output !== undefined) equal(stdout, output);
    });
  }
});

test('examplesOf finds a block with its line and the output that follows it', () => {
  const page =
    'A\n\n```ts\nf();\n```\n\n```text\n1\n```\n\n```ts\ng();\n```\n\nno\n\n```text\n2\n```\n';
  deepEqual(examplesOf('x.md', page), [
    { place: 'x.md:3', code: 'f();\n', output: '1\n' },
    { place: 'x.md:11', code: 'g();\n', output: undefined },
  ]);
});
