/**
 * The declarations of a package as its users get them: for each entry of the manifest, all emitted
 * `.d.ts` files that it leads to, without comments, in one text that can be compared.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
}

/** The text of each entry, by the name of its file: `index.d.ts` for '.'. Needs a built package. */
export function declarationsOf(folder: string): Map<string, string> {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return new Map(
    Object.entries(manifest.exports).map(([entry, { types }]) => [
      `${entry === '.' ? 'index' : entry.slice(2)}.d.ts`,
      reachable(folder, types),
    ]),
  );
}

function reachable(folder: string, entry: string): string {
  const texts = new Map<string, string>();
  const follow = (path: string): void => {
    if (texts.has(path)) return;
    const text = readFileSync(join(folder, path), 'utf8');
    texts.set(path, bare(text));
    for (const [, specifier] of text.matchAll(/(?:from |import\()["'](\.[^"']+)["']/g)) {
      follow(join(dirname(path), specifier.replace(/\.(ts|js)$/, '.d.ts')));
    }
  };
  follow(join('.', entry));
  const sections = [...texts].map(([path, text]) => `// ${path.replace(/^dist\//, '')}\n${text}`);
  return sections.join('\n');
}

/** Without comments and blank lines, so that words may change. */
function bare(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s*\n/gm, '');
}

/** Lines that name a type of Node's which browsers, and other runtimes, do not have. */
export function linesWithBuffer(text: string): string[] {
  return text.split('\n').filter(line => /\bBuffer\b/.test(line));
}
