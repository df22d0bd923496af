/**
 * The shape of files: how they are named, how long they and their functions are, and that each
 * says at its head what it owns. Line length is the formatter's.
 */
import type { SourceFile } from './source-file.ts';
import type { Tree } from './tree.ts';

const FILE_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;
const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;
const EMPTY_NAMES = /^(utils?|common|helpers?|core|lib|misc|shared)$/;

/** Files stay short enough to be read in one sitting; declarations that are kept are generated. */
export function fileLength(file: SourceFile): string[] {
  if (file.path.endsWith('.d.ts')) return [];
  const lines = file.text.split('\n').length - 1;
  if (lines <= FILE_LINES_MAX) return [];
  return [`${file.path}: ${lines} lines, at most ${FILE_LINES_MAX}; split it by what it owns`];
}

/** Functions stay short; what a test or a contract suite calls back may hold all of its cases. */
export function functionLength(file: SourceFile): string[] {
  if (file.isTest || /\bcontract\b/.test(file.path)) return [];
  const found: string[] = [];
  const measure = (node: { start: number; end: number }): void => {
    const first = file.lineAt(node.start);
    const lines = file.lineAt(node.end) - first + 1;
    if (lines > FUNCTION_LINES_MAX) {
      const fault = `a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}`;
      found.push(`${file.path}:${first}: ${fault}`);
    }
  };
  file.visit({
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  });
  return found;
}

/** Whether a file does nothing but pass on by name what others export. */
function isIndex({ program }: SourceFile): boolean {
  return program.body.every(
    node => node.type === 'ExportNamedDeclaration' && node.declaration === null,
  );
}

/** Every source file that is not a test or a mere index starts by saying what it owns. */
export function fileHead(file: SourceFile): string[] {
  if (file.isTest || file.packageName === undefined || isIndex(file)) return [];
  const comment = file.comments[0];
  if (comment !== undefined && file.text.slice(0, comment.start).trim() === '') return [];
  return [`${file.path}:1: say at the head, in one to five sentences, what the file owns`];
}

/** Source files are in kebab-case, and no folder's name says nothing. */
export function pathNames(tree: Tree): string[] {
  return [...tree.keys()].flatMap(path => {
    const folders = path.split('/');
    const file = folders.pop() ?? '';
    const empty = folders.find(folder => EMPTY_NAMES.test(folder));
    const isSource = /\.(ts|js|mjs)$/.test(file);
    return [
      ...(isSource && !FILE_NAME.test(file) ? [`${path}: name it in kebab-case`] : []),
      ...(empty === undefined ? [] : [`${path}: name '${empty}' after what it holds`]),
    ];
  });
}
