/** Holds the configuration against its schema, and says of each fault where it stands. */
import type { z } from 'zod';
import { adminFaults } from './admin-rules.ts';
import type { Config } from './config.ts';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import { isNetwork } from './is-network.ts';
import type { Layers } from './layers.ts';
import { listenerFaults } from './listener-rules.ts';
import { nearest } from './nearest.ts';
import { configSchema } from './schema.ts';
import { expectation, nodeAt, type Path } from './schema-node.ts';
import { securityIssues } from './security-rules.ts';

const shownLengthMax = 60;
/** More names than this are not listed. */
const listedMax = 16;

/** @throws ConfigError with everything that is wrong */
export function checkConfig(layers: Layers): Config {
  const { success, data, error } = configSchema.safeParse(layers.value);
  const faults = error?.issues.flatMap(issue => faultsOf(issue, layers)) ?? [];
  if (success) {
    faults.push(...listenerIssues(data, layers), ...securityIssues(data, layers));
    faults.push(...banIssues(data, layers));
    faults.push(...adminIssues(data, layers));
  }
  const issues = [...layers.issues, ...faults];
  if (!success || issues.length > 0) throw new ConfigError(issues);
  return data;
}

/** What is said of a key that the schema does not have. */
export function unknownKey(path: Path): string {
  const name = path.at(-1) ?? '';
  const siblings = Object.keys(nodeAt(path.slice(0, -1))?.properties ?? {});
  const guess = nearest(name, siblings);
  if (guess !== undefined) return `there is no ${path.join('.')}; did you mean ${guess}?`;
  const isListed = siblings.length > 0 && siblings.length <= listedMax;
  return `there is no ${path.join('.')}${isListed ? `; expected ${siblings.join(', ')}` : ''}`;
}

function listenerIssues({ listeners }: Config, layers: Layers): ConfigIssue[] {
  return listeners.flatMap((listener, at) => {
    const path = ['listeners', `${at}`];
    const given =
      at === 0 && layers.value.listeners === undefined ? {} : valueAt(layers.value, path);
    return listenerFaults(listener, Object.keys(given as object)).map(({ key, message }) => {
      const where = key === '' ? path : [...path, ...key.split('.')];
      return { place: layers.placeOf(where), message: `${where.join('.')} ${message}` };
    });
  });
}

function banIssues({ bans, limits }: Config, layers: Layers): ConfigIssue[] {
  if (bans.length > limits.bansMax) {
    const message = `bans is a list of ${bans.length}; limits.bansMax allows ${limits.bansMax}`;
    return [{ place: layers.placeOf(['bans']), message }];
  }
  return bans.flatMap(({ kind, value }, at) => {
    if (kind !== 'address' || isNetwork(value)) return [];
    const path = ['bans', `${at}`, 'value'];
    const found = `${path.join('.')} is ${shown(value)}`;
    const message = `${found}; expected an address or a network as 10.0.0.0/8`;
    return [{ place: layers.placeOf(path), message }];
  });
}

function adminIssues({ admin }: Config, layers: Layers): ConfigIssue[] {
  return adminFaults(admin).map(({ key, message }) => {
    const path = ['admin', ...key.split('.')];
    return { place: layers.placeOf(path), message: `${path.join('.')} ${message}` };
  });
}

function faultsOf(issue: z.core.$ZodIssue, layers: Layers): ConfigIssue[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      place: layers.placeOf([...path, key]),
      message: unknownKey([...path, key]),
    }));
  }
  const node = nodeAt(path);
  const expected = node === undefined ? issue.message : `expected ${expectation(node)}`;
  const message = `${path.join('.')} is ${shown(valueAt(layers.value, path))}; ${expected}`;
  return [{ place: layers.placeOf(path), message }];
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((parent, step) => (parent as Record<string, unknown>)[step], value);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && !(value instanceof Date)) return 'a table';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text;
}
