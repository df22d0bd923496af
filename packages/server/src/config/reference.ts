/**
 * Writes the reference of the configuration from what the server itself goes by: keys, types,
 * defaults and bounds from the schema, the texts of features and limits from the comments in the
 * broker that state them. Run as a program it replaces `docs/reference/configuration.md`.
 */
import { writeFileSync } from 'node:fs';
import { brokerFieldTexts } from './field-texts.ts';
import { expectation, rootNode, type SchemaNode } from './schema-node.ts';

export const referenceFile: URL = new URL(
  '../../../../docs/reference/configuration.md',
  import.meta.url,
);
const introduction = `# Configuration

<!-- Generated: node --conditions=godwit-source packages/server/src/config/reference.ts -->

\`godwit serve\` needs none. What differs from the defaults comes, later ones overriding earlier
ones, from

1. a TOML file: \`godwit serve --config godwit.toml\`
2. environment variables: \`GODWIT__LIMITS__QUEUE_MESSAGES_MAX=5000\` is \`limits.queueMessagesMax\`,
   \`GODWIT__LISTENERS__0__PORT=1884\` the port of the first listener
3. \`--set limits.queueMessagesMax=5000\`, any number of them
4. \`--host\` and \`--port\`, which are \`listeners.0.host\` and \`listeners.0.port\`

\`\`\`toml
[[listeners]]
host = "127.0.0.1"

[[listeners]]
type = "mqtts"
host = "0.0.0.0"
cert = "/etc/godwit/broker.crt"
key = "/etc/godwit/broker.key"

[auth]
allowAnonymous = "never"

[limits]
queueMessagesMax = 5000
\`\`\`

A key that does not exist, or a value out of its range, stops the start. All faults are listed at
once, each with its place, what was found and what was expected:

\`\`\`text
godwit serve: godwit.toml:7: listeners.1.cert is "/etc/godwit/broker.crt", which does not exist
godwit serve: godwit.toml:14: limits.queueMessagesMax is -1; expected an integer from 0 to 100,000,000
godwit serve: godwit.toml:15: there is no limits.queueMesagesMax; did you mean queueMessagesMax?
\`\`\`

Limits have the names that a program which embeds the broker gives them; their last word is the
unit. A program also finds the counter that a text names in the broker's \`metrics\`.
`;

/** The whole page. */
export function configurationReference(): string {
  const texts = brokerFieldTexts();
  const sections = Object.entries(rootNode.properties ?? {}).map(([name, node]) => {
    const heading = node.items === undefined ? `[${name}]` : `[[${name}]]`;
    const keys = Object.entries((node.items ?? node).properties ?? {});
    const rows = keys.map(([key, child]) => row(key, child, texts.get(key)));
    return `## ${heading}\n\n${about(node)}\n\n| Key | Default | Value |\n|---|---|---|\n${rows.join('')}`;
  });
  return [introduction, ...sections].join('\n');
}

function about(node: SchemaNode): string {
  if (node.items === undefined) return node.description ?? '';
  return `${node.description} At least ${node.minItems}, at most ${node.maxItems}.`;
}

function row(key: string, node: SchemaNode, limitText: string | undefined): string {
  const text = node.description ?? limitText;
  if (text === undefined) throw new Error(`${key} is not described`);
  const isBounded = node.type === 'integer' || node.enum !== undefined;
  const bounds = isBounded ? ` Expected: ${expectation(node).replaceAll('"', '`')}.` : '';
  const value = node.default === undefined ? '' : `\`${literal(node.default)}\``;
  return `| \`${key}\` | ${value} | ${text}${bounds} |\n`;
}

/** A value as it is written in the file. */
function literal(value: unknown): string {
  if (typeof value !== 'number' || value < 10_000) return JSON.stringify(value);
  return value.toLocaleString('en').replaceAll(',', '_');
}

if (import.meta.main) writeFileSync(referenceFile, configurationReference());
