/** A configuration as others may see it: without what is secret. */
import type { Config } from './config.ts';
import { rootNode, type SchemaNode } from './schema-node.ts';

/** Stands for a secret. */
const hidden = '(hidden)';

/** A copy of `config` with a placeholder for each value that the schema calls secret. */
export function shownConfig(config: Config): Config {
  return withoutSecrets(config, rootNode) as Config;
}

function withoutSecrets(value: unknown, node: SchemaNode | undefined): unknown {
  if (node?.secret === true) return hidden;
  if (Array.isArray(value)) return value.map(item => withoutSecrets(item, node?.items));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, withoutSecrets(child, node?.properties?.[key])]),
  );
}
