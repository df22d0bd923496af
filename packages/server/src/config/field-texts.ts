/** The broker's own words on its features and limits: the comments before their fields. */
import { readFileSync } from 'node:fs';

/** Text by the name of a feature or a limit. */
export function brokerFieldTexts(): ReadonlyMap<string, string> {
  return new Map([...fieldTexts('features', 'Features'), ...fieldTexts('limits', 'Limits')]);
}

/** The comment before each field of an interface, in one line. */
function fieldTexts(module: string, name: string): [string, string][] {
  const broker = import.meta.resolve('@godwit/broker');
  // What is published has its comments in the declarations.
  const file = `./${module}${broker.endsWith('.ts') ? '.ts' : '.d.ts'}`;
  const source = readFileSync(new URL(file, broker), 'utf8');
  const body = new RegExp(`export interface ${name} \\{(.*?)\\n\\}`, 's').exec(source)?.[1] ?? '';
  const fields = body.matchAll(/\/\*\*(.*?)\*\/\s*(\w+):/gs);
  return Array.from(fields, ([, comment, name]) => [
    name,
    comment.replace(/\s*\n\s*\* ?|\s+/g, ' ').trim(),
  ]);
}
