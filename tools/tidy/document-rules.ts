/**
 * What holds for the documentation: links lead somewhere, what is named exists, every page
 * can be reached from the index, and the README stays short.
 */
import { dirname, join } from 'node:path/posix';
import type { Tree } from './tree.ts';

const README_LINES_MAX = 150;
const INDEX = 'docs/README.md';

interface Link {
  readonly line: number;
  readonly path: string;
  readonly anchor: string;
}

/** The relative links of a page, outside code blocks, as paths from the root. */
function linksOf(page: string, text: string): Link[] {
  const body = withoutCode(text);
  const links = body.matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g);
  return Array.from(links, ({ 1: path, 2: anchor = '', index }) => ({
    line: body.slice(0, index).split('\n').length,
    path: path === '' ? page : join(dirname(page), path),
    anchor,
  }));
}

function withoutCode(text: string): string {
  return text
    .replace(/^```.*?^```/gms, block => block.replace(/[^\n]/g, ''))
    .replace(/`[^`\n]*`/g, '``');
}

function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

function pagesOf(tree: Tree): [path: string, text: string][] {
  return [...tree].filter(([path]) => path.endsWith('.md'));
}

/** Each relative link leads to a file, or a folder, of the tree, and to a heading that exists. */
export function liveLinks(tree: Tree): string[] {
  const paths = [...tree.keys()];
  return pagesOf(tree).flatMap(([page, text]) =>
    linksOf(page, text).flatMap(({ line, path, anchor }) => {
      const target = path.replace(/\/$/, '');
      const isFolder = paths.some(other => other.startsWith(`${target}/`));
      if (!isFolder && !tree.has(target)) return [`${page}:${line}: '${path}' does not exist`];
      if (anchor === '' || anchorsOf(tree.get(target) ?? '').has(anchor)) return [];
      return [`${page}:${line}: '${path}' has no heading '${anchor}'`];
    }),
  );
}

/** Files and npm scripts that a page names in code exist. */
export function realNames(tree: Tree): string[] {
  const { scripts = {} } = JSON.parse(tree.get('package.json') ?? '{}');
  const paths = [...tree.keys()];
  const exists = (path: string): boolean =>
    tree.has(path) || paths.some(known => known.startsWith(`${path}/`));
  return pagesOf(tree).flatMap(([page, text]) => [
    ...Array.from(text.matchAll(/(?<![\w@/.])(?:packages|tools|bench|docs)\/[\w./-]*\w/g))
      .filter(([path]) => !exists(path))
      .map(([path]) => `${page}: names '${path}', which does not exist`),
    ...Array.from(text.matchAll(/\bnpm run ([\w:-]+)/g))
      .filter(([, script]) => scripts[script] === undefined)
      .map(([, script]) => `${page}: there is no script '${script}'`),
  ]);
}

/** Every page below docs is reached from its index by links. */
export function reachablePages(tree: Tree): string[] {
  const reached = new Set<string>();
  const follow = (page: string): void => {
    const text = tree.get(page);
    if (text === undefined || reached.has(page)) return;
    reached.add(page);
    for (const { path } of linksOf(page, text)) follow(path);
  };
  follow(INDEX);
  return pagesOf(tree)
    .filter(([page]) => page.startsWith('docs/') && !reached.has(page))
    .map(([page]) => `${page}: no link leads here from ${INDEX}`);
}

/** The README can be read in a minute. */
export function shortReadme(tree: Tree): string[] {
  const lines = (tree.get('README.md') ?? '').split('\n').length - 1;
  if (lines <= README_LINES_MAX) return [];
  return [`README.md: ${lines} lines, at most ${README_LINES_MAX}; the rest belongs below docs/`];
}
