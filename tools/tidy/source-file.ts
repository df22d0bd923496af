/**
 * One source file as the tidy rules see it: its text, its syntax tree, what it imports, and its
 * code with comments and literals blanked out, so that a rule about code is a simple pattern.
 */
import { type Comment, type Program, parseSync, Visitor, type VisitorObject } from 'oxc-parser';
import type { Tree } from './tree.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export class SourceFile {
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
  /** The text with the content of comments, strings and regular expressions as spaces. */
  readonly code: string;
  readonly imports: readonly Import[];

  constructor(path: string, text: string) {
    const { program, comments, errors } = parseSync(path, text);
    if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0].message}`);
    this.path = path;
    this.text = text;
    this.program = program;
    this.comments = comments;
    const literals: Span[] = [];
    const imports: Import[] = [];
    const note = (source: { start: number; value: unknown } | null): void => {
      if (source === null || typeof source.value !== 'string') return;
      imports.push({ specifier: source.value, line: this.lineAt(source.start) });
    };
    new Visitor({
      Literal: node => {
        if (typeof node.value === 'string' || 'regex' in node) literals.push(node);
      },
      TemplateElement: node => void literals.push(node),
      ImportDeclaration: node => note(node.source),
      ExportNamedDeclaration: node => note(node.source),
      ExportAllDeclaration: node => note(node.source),
      ImportExpression: node => note(node.source.type === 'Literal' ? node.source : null),
      TSImportType: node => note(node.source),
    }).visit(program);
    this.code = blank(text, [...comments, ...literals]);
    this.imports = imports;
  }

  /** Whether it is a test or serves tests and benchmarks only: not part of what is published. */
  get isTest(): boolean {
    return /\.test\.ts$|\/(interop|bench|testing)\//.test(this.path);
  }

  /** The folder name of the package whose source this is, if it is one's. */
  get packageName(): string | undefined {
    return /^packages\/([^/]+)\/src\//.exec(this.path)?.[1];
  }

  /** The line, counted from 1, of an offset into the text. */
  lineAt(offset: number): number {
    let line = 1;
    for (let at = this.text.indexOf('\n'); at !== -1 && at < offset; line += 1) {
      at = this.text.indexOf('\n', at + 1);
    }
    return line;
  }

  visit(visitor: VisitorObject): void {
    new Visitor(visitor).visit(this.program);
  }

  /** Where a pattern (with the flag g) occurs in the code, comments and literals left out. */
  linesWith(pattern: RegExp): number[] {
    return Array.from(this.code.matchAll(pattern), match => this.lineAt(match.index));
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function blank(text: string, spans: readonly Span[]): string {
  const pieces: string[] = [];
  let end = 0;
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(end, span.start));
    pieces.push(text.slice(span.start, span.end).replace(/[^\n]/g, ' '));
    end = span.end;
  }
  pieces.push(text.slice(end));
  return pieces.join('');
}

/** All TypeScript and JavaScript files of a tree. */
export function sourcesOf(tree: Tree): SourceFile[] {
  return [...tree]
    .filter(([path]) => /\.(ts|js|mjs)$/.test(path))
    .map(([path, text]) => new SourceFile(path, text));
}
