import { deepEqual, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SourceFile } from './source-file.ts';
import {
  noBannedConstructs,
  noMachinePaths,
  noReminders,
  noSystemCalls,
  realStatements,
} from './word-rules.ts';

const PATH = 'packages/broker/src/x.ts';
const source = (text: string, path = PATH): SourceFile => new SourceFile(path, text);

suite('noSystemCalls', () => {
  test('names what to use instead', () => {
    for (const [text, instead] of [
      ['Date.now();', /Clock\.wallMs/],
      ['new Date();', /Clock\.wallMs/],
      ['performance.now();', /Clock\.monotonicMs/],
      ['process.hrtime.bigint();', /Clock\.monotonicMs/],
      ['setTimeout(f, 1);', /Clock\.after/],
      ['globalThis.setTimeout(f, 1);', /Clock\.after/],
      ['await new Promise(done => setTimeout(done, 1));', /Clock\.after/],
      ['setInterval(f, 1);', /Clock\.after/],
      ['f(setImmediate);', /Clock\.defer/],
      ['process.nextTick(f);', /Clock\.defer/],
      ['Math.random();', /Random/],
      ["import { setTimeout as sleep } from 'node:timers/promises';", /Clock/],
    ] as const) {
      match(noSystemCalls(source(`\n${text}`))[0] ?? '', instead, text);
      match(noSystemCalls(source(text, 'packages/broker/src/x.test.ts'))[0] ?? '', instead, text);
    }
  });

  test('leaves names, comments, strings and the clock itself alone', () => {
    for (const text of [
      'socket.setTimeout(0);',
      'new Date(ms);',
      '// Date.now() is not asked',
      "const name = 'Math.random';",
      'interface A { setTimeout: number }',
    ]) {
      deepEqual(noSystemCalls(source(text)), [], text);
    }
    const exempt = ['packages/runtime/src/clock.ts', 'bench/x.ts', 'packages/client/bench/x.ts'];
    for (const path of exempt) deepEqual(noSystemCalls(source('Date.now();', path)), [], path);
  });
});

suite('other words', () => {
  test('noBannedConstructs', () => {
    for (const text of [
      'export default 1;',
      "export * from './a.ts';",
      'export enum A { b }',
      'const enum A { b }',
      "test.only('a', f);",
      "test('a', { only: true }, f);",
    ]) {
      match(noBannedConstructs(source(text))[0] ?? '', /x\.ts:1: write/, text);
    }
    deepEqual(noBannedConstructs(source('export default 1;', 'docs/site.config.ts')), []);
    deepEqual(noBannedConstructs(source('const enumerable = 1;\nf(enumerable);')), []);
  });

  test('noReminders', () => {
    match(noReminders(source('f();\n// TODO later'))[0], /x\.ts:2/);
    match(noReminders(source('/* FIXME */'))[0], /x\.ts:1/);
    deepEqual(noReminders(source("test('x', { todo: true }, f);")), []);
  });

  test('realStatements', () => {
    deepEqual(realStatements(source('// [MQTT-3.3.4-9] and [MQTT-1.5.3-1] exist')), []);
    match(
      realStatements(source("\ntest('[MQTT-3.3.4-99]', f);"))[0],
      /:2: no statement is called MQTT-3\.3\.4-99/,
    );
  });

  test('noMachinePaths', () => {
    const faults = (text: string): string[] => noMachinePaths(new Map([['docs/x.md', text]]));
    for (const text of ['see /home/me/x', 'in /root/x', "'../shared/x'", 'registry.example.org']) {
      match(faults(`a\n${text}`)[0] ?? '', /docs\/x\.md:2/, text);
    }
    deepEqual(faults('site/home/lamp and /etc/godwit/godwit.toml'), []);
  });
});
