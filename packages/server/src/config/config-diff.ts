/** What is different between two configurations, key by key, in an order people can read. */

/** A value at the bottom of a configuration; lists of texts count as one. */
export interface ConfigChange {
  /** As `limits.inflightMax`, `listeners.0.port`. */
  readonly path: string;
  /** Undefined where there was none. */
  readonly before: unknown;
  /** Undefined where there is none any more. */
  readonly after: unknown;
}

export function configDiff(before: object, after: object): readonly ConfigChange[] {
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter(path => JSON.stringify(old.get(path)) !== JSON.stringify(now.get(path)))
    .map(path => ({ path, before: old.get(path), after: now.get(path) }));
}

function flat(config: object): Map<string, unknown> {
  const values = new Map<string, unknown>();
  const visit = (value: unknown, path: string): void => {
    if (value === undefined) return;
    const isTable = typeof value === 'object' && value !== null;
    const isList = Array.isArray(value) && value.every(item => typeof item !== 'object');
    if (!isTable || isList) values.set(path, value);
    else {
      for (const [key, child] of Object.entries(value)) {
        visit(child, path === '' ? key : `${path}.${key}`);
      }
    }
  };
  visit(config, '');
  return values;
}
