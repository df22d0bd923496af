import { deepEqual, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { liveLinks, reachablePages, realNames, shortReadme } from './document-rules.ts';

const pages = (files: Record<string, string>): Map<string, string> =>
  new Map(Object.entries(files));

suite('document rules', () => {
  test('liveLinks follows pages, folders, headings and leaves the web and code alone', () => {
    const text = [
      '# A page of `ours`, and more',
      '[b](b.md) [c](../c/d.md#some-heading) [folder](../c/) [top](#a-page-of-ours-and-more)',
      '[web](https://example.org/x) `[not a link](x.md)`',
      '```md',
      '[not a link either](x.md)',
      '```',
    ].join('\n');
    const tree = { 'docs/a.md': text, 'docs/b.md': '', 'c/d.md': '## Some heading' };
    deepEqual(liveLinks(pages(tree)), []);
  });

  test('liveLinks finds dead files and dead headings', () => {
    const faults = (link: string): string[] =>
      liveLinks(pages({ 'docs/a.md': `\n[x](${link})`, 'docs/b.md': '# B' }));
    match(faults('c.md')[0], /docs\/a\.md:2: 'docs\/c\.md' does not exist/);
    match(faults('b.md#c')[0], /'docs\/b\.md' has no heading 'c'/);
    match(faults('#c')[0], /'docs\/a\.md' has no heading 'c'/);
    match(faults('../b.md')[0], /'b\.md' does not exist/);
  });

  test('realNames finds files and scripts that do not exist', () => {
    const tree = {
      'package.json': '{ "scripts": { "check": "" } }',
      'tools/x.ts': '',
      'docs/a.md': '`tools/`, `tools/x.ts`, npm run check, @godwit/tools/no, other/tools/no',
      'docs/b.md': '`tools/y.ts` and npm run checks',
    };
    deepEqual(realNames(pages(tree)), [
      "docs/b.md: names 'tools/y.ts', which does not exist",
      "docs/b.md: there is no script 'checks'",
    ]);
  });

  test('reachablePages finds a page no link leads to', () => {
    const tree = {
      'docs/README.md': '[start](start/README.md)',
      'docs/start/README.md': '[first](first.md)',
      'docs/start/first.md': '',
      'docs/start/lost.md': '[first](first.md)',
    };
    deepEqual(reachablePages(pages(tree)), [
      'docs/start/lost.md: no link leads here from docs/README.md',
    ]);
  });

  test('shortReadme allows 150 lines and no more', () => {
    deepEqual(shortReadme(pages({ 'README.md': 'a\n'.repeat(150) })), []);
    match(shortReadme(pages({ 'README.md': 'a\n'.repeat(151) }))[0], /151 lines, at most 150/);
  });
});
