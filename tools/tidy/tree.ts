/**
 * The project's own text files as a map from path to content, which is all the tidy rules look
 * at: a rule is tested by handing it a small tree of its own. It never follows links.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Path from the root, with forward slashes → content. */
export type Tree = ReadonlyMap<string, string>;

const SKIPPED_FOLDERS = new Set(['.cache', '.git', 'dist', 'node_modules']);
const TEXT_FILE =
  /\.(ts|js|mjs|json|md|toml|yaml|conf|service|socket|sh|html|css)$|^\.[\w.-]+$|^\.ci\/run$|(^|\/)(Dockerfile|LICENSE)$|\.dockerignore$/;

/** Reads all text files below `root`. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) visit(path);
      if (entry.isFile() && TEXT_FILE.test(path)) {
        tree.set(path, readFileSync(join(root, path), 'utf8'));
      }
    }
  };
  visit('');
  return tree;
}
