/**
 * Words and constructs that the project does without, each with what to write instead. Rules
 * about code do not look into comments, strings and regular expressions.
 */

import { isStatement } from '@godwit/conformance/statements';
import type { SourceFile } from './source-file.ts';
import type { Tree } from './tree.ts';

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
}

const CLOCK_CALLS: readonly Ban[] = [
  { pattern: /\bDate\.now\b|\bnew Date\(\)/g, instead: 'Clock.wallMs()' },
  { pattern: /\bperformance\.now\b|\bprocess\.hrtime\b/g, instead: 'Clock.monotonicMs()' },
  {
    pattern: /(?<!(?<!globalThis)\.)\b(setTimeout|setInterval)\b(?!\??:)/g,
    instead: 'Clock.after()',
  },
  { pattern: /(?<!(?<!globalThis)\.)\bsetImmediate\b(?!\??:)/g, instead: 'Clock.defer()' },
  { pattern: /\bprocess\.nextTick\b/g, instead: 'Clock.defer() or queueMicrotask()' },
  { pattern: /\bAtomics\.wait\b/g, instead: 'an event or a promise' },
  { pattern: /\bMath\.random\b/g, instead: 'Random' },
];

/** Where the system is really asked; and what is not part of the product. */
const MAY_ASK_THE_SYSTEM =
  /^packages\/runtime\/src\/(clock|random)(\.test)?\.ts$|^(bench|tools)\/|\/bench\//;

/** Time and chance are handed in, so that tests and the simulator decide them. */
export function noSystemCalls(file: SourceFile): string[] {
  if (MAY_ASK_THE_SYSTEM.test(file.path)) return [];
  return [
    ...CLOCK_CALLS.flatMap(({ pattern, instead }) =>
      file.linesWith(pattern).map(line => `${file.path}:${line}: use ${instead} as handed in`),
    ),
    ...file.imports
      .filter(({ specifier }) => /^node:timers/.test(specifier))
      .map(({ line }) => `${file.path}:${line}: use the Clock handed in, not Node's timers`),
  ];
}

const CONSTRUCTS: readonly Ban[] = [
  { pattern: /\bexport default\b/g, instead: 'a named export' },
  { pattern: /\bexport \*/g, instead: 'exports by name' },
  { pattern: /^\s*(export )?(declare )?(const )?enum\b/gm, instead: "an object 'as const'" },
  { pattern: /\b(test|it|describe|suite)\.only\b|\bonly: true\b/g, instead: 'no .only: run all' },
];

/** Constructs we do without; a tool's configuration file may have its default export. */
export function noBannedConstructs(file: SourceFile): string[] {
  if (/(^|\/)[^/]+\.config\.[^/]+$/.test(file.path)) return [];
  return CONSTRUCTS.flatMap(({ pattern, instead }) =>
    file.linesWith(pattern).map(line => `${file.path}:${line}: write ${instead}`),
  );
}

/** What is to be done is done, or written where work is planned. */
export function noReminders(file: SourceFile): string[] {
  return file.comments
    .filter(({ value }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(value))
    .map(({ start }) => `${file.path}:${file.lineAt(start)}: do it now, or plan it elsewhere`);
}

/** A comment or a test that cites a normative statement cites one that exists. */
export function realStatements(file: SourceFile): string[] {
  if (file.path.startsWith('tools/tidy/')) return [];
  return Array.from(file.text.matchAll(/\bMQTT-\d[\d.]*-\d+/g))
    .filter(([id]) => !isStatement(id))
    .map(({ 0: id, index }) => `${file.path}:${file.lineAt(index)}: no statement is called ${id}`);
}

const MACHINE_PATH = /(?<![\w./])\/(root|home|Users|work)\/\w|\bregistry\.\w+\.\w|\.\.\/shared\//;

/** Nothing in the tree knows the machine it was written on, or whose registry it used. */
export function noMachinePaths(tree: Tree): string[] {
  return [...tree]
    .filter(([path]) => !path.startsWith('tools/tidy/'))
    .flatMap(([path, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          MACHINE_PATH.test(line) ? [`${path}:${index + 1}: a path or a host of some machine`] : [],
        ),
    );
}
