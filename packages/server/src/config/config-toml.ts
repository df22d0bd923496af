/** Configurations written as TOML: one in use, and one of all keys with what they mean. */
import { stringify } from 'smol-toml';
import type { Config } from './config.ts';
import { brokerFieldTexts } from './field-texts.ts';
import { expectation, rootNode, type SchemaNode } from './schema-node.ts';
import { shownConfig } from './shown-config.ts';

const columns = 96;

/** A configuration, defaults included, secrets not. */
export function configToml(config: Config): string {
  return `${stringify(shownConfig(config)).trimEnd()}\n`;
}

/** Every key in a comment, with its default and what it means: a file to begin with. */
export function referenceToml(): string {
  const texts = brokerFieldTexts();
  const tables = Object.entries(rootNode.properties ?? {}).map(([name, node]) => {
    const isList = node.items !== undefined;
    const { properties = {} } = node.items ?? node;
    const keys = Object.entries(properties).map(([key, child]) =>
      entry(key, child, child.description ?? texts.get(key) ?? ''),
    );
    const heading = isList ? `# [[${name}]]` : `[${name}]`;
    return `${comment(node.description ?? '')}${heading}\n\n${keys.join('\n')}`;
  });
  return tables.join('\n\n');
}

/** The whole schema, for editors and other programs. */
export function configJsonSchema(): object {
  return rootNode;
}

function entry(key: string, node: SchemaNode, text: string): string {
  const bounds = node.type === 'integer' || node.enum ? ` Expected: ${expectation(node)}.` : '';
  const value = node.default === undefined ? '' : ` ${JSON.stringify(node.default)}`;
  return `${comment(text.replaceAll('`', '') + bounds)}# ${key} =${value}\n`;
}

function comment(text: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > columns) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join('\n')}\n`;
}
