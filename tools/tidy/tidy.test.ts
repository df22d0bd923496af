/** The house style as ordinary tests: the whole tree must satisfy every rule. */
import { equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { liveLinks, reachablePages, realNames, shortReadme } from './document-rules.ts';
import { browserSafe, importDirection, noDeepImports } from './import-rules.ts';
import {
  buildReferences,
  lockfileOfAllPlatforms,
  lockfileWithoutHosts,
  packageManifests,
  publishedFiles,
} from './package-rules.ts';
import { fileHead, fileLength, functionLength, pathNames } from './shape-rules.ts';
import { type SourceFile, sourcesOf } from './source-file.ts';
import { readTree, type Tree } from './tree.ts';
import {
  noBannedConstructs,
  noMachinePaths,
  noReminders,
  noSystemCalls,
  realStatements,
} from './word-rules.ts';

const FILE_RULES: readonly ((file: SourceFile, tree: Tree) => string[])[] = [
  importDirection,
  noDeepImports,
  fileHead,
  fileLength,
  functionLength,
  noBannedConstructs,
  noReminders,
  noSystemCalls,
  realStatements,
];

const TREE_RULES: readonly ((tree: Tree) => string[])[] = [
  buildReferences,
  liveLinks,
  lockfileOfAllPlatforms,
  lockfileWithoutHosts,
  noMachinePaths,
  packageManifests,
  pathNames,
  publishedFiles,
  reachablePages,
  realNames,
  shortReadme,
];

const none = (faults: readonly string[]): void => equal(faults.length, 0, `\n${faults.join('\n')}`);

suite('the tree is tidy', () => {
  const tree = readTree(fileURLToPath(new URL('../..', import.meta.url)));
  const sources = sourcesOf(tree);

  for (const rule of FILE_RULES) {
    test(rule.name, () => none(sources.flatMap(file => rule(file, tree))));
  }
  for (const rule of TREE_RULES) {
    test(rule.name, () => none(rule(tree)));
  }
  test('browserSafe', () => {
    none(browserSafe(new Map(sources.map(file => [file.path, file]))));
  });
});
