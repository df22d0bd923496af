import { deepEqual, throws } from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { FileWatch } from './file-watch.ts';
import { SettlingClock } from './settling-clock.ts';

suite('FileWatch', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-watch-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('tells of files that are written, replaced, or behind a link that is turned', async () => {
    const clock = new SettlingClock();
    const file = join(folder, 'a.pem');
    const linked = join(folder, 'linked.pem');
    for (const version of ['1', '2']) {
      await mkdir(join(folder, version));
      await writeFile(join(folder, version, 'linked.pem'), version);
    }
    await symlink('1', join(folder, 'current'));
    await symlink(join('current', 'linked.pem'), linked);
    await writeFile(file, 'first');
    const changes: string[] = [];
    let name = '';
    const watch = new FileWatch([file, linked], clock, () => changes.push(name));
    const told = async (what: string, change: () => Promise<void>): Promise<void> => {
      name = what;
      const before = changes.length;
      await change();
      while (changes.length === before) await clock.settled();
    };
    await told('written', () => writeFile(file, 'second'));
    await told('replaced', async () => {
      await writeFile(`${file}.new`, 'third');
      await rename(`${file}.new`, file);
    });
    await told('turned', async () => {
      await symlink('2', join(folder, 'next'));
      await rename(join(folder, 'next'), join(folder, 'current'));
    });
    await told('removed', () => rm(file));
    name = 'of another file';
    await writeFile(join(folder, 'other'), '');
    await clock.settled();
    deepEqual(changes, ['written', 'replaced', 'turned', 'removed']);
    watch.close();
  });

  test('a folder that is not there cannot be watched', () => {
    throws(() => new FileWatch([join(folder, 'none', 'a')], new SettlingClock(), () => {}), {
      code: 'ENOENT',
    });
  });
});
