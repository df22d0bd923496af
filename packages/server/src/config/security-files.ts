/** Reads the files that say who may connect and what they may do, at the start and ever after. */
import { readFileSync } from 'node:fs';
import {
  Acl,
  type AclRule,
  AclRuleError,
  aclRule,
  FileFaultError,
  parseMosquittoAcl,
  parseUsers,
  publicKey,
  secretKey,
} from '@godwit/auth';
import type { AclConfig } from './config.ts';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import { Layers } from './layers.ts';

const rulesMax = 100_000;
const membersMax = 1_000_000;

/** @throws ConfigError with each line that is wrong, Error where the file cannot be read */
export function readUsers(file: string): void {
  explained(() => parseUsers(file, textOf(file)));
}

/** The rules; null where there are none. @throws as {@link readUsers} */
export function readAcl({ file, mosquittoFile }: AclConfig): Acl | null {
  if (mosquittoFile !== undefined) {
    return explained(() => parseMosquittoAcl(mosquittoFile, textOf(mosquittoFile)));
  }
  return file === undefined ? null : aclOf(file, textOf(file));
}

/** @throws Error that goes on from the name of a key of the configuration */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new Error(`is ${JSON.stringify(file)}, which ${why}`);
  }
}

/**
 * The text of a file without the end of its last line: a password, a token.
 * @throws as {@link textOf}
 */
export function secretOf(file: string): string {
  return textOf(file).replace(/\r?\n$/, '');
}

/** @throws Error that goes on from the name of a key of the configuration */
export function checkJwtKey(kind: 'secret' | 'public', file: string): void {
  const text = textOf(file);
  try {
    if (kind === 'secret') secretKey(file, text);
    else publicKey(file, text);
  } catch (error) {
    throw new Error(`cannot be used: ${(error as Error).message}`);
  }
}

function explained<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FileFaultError)) throw error;
    const { file, faults } = error;
    throw new ConfigError(
      faults.map(({ line, message }) => ({ place: `${file}:${line}`, message })),
    );
  }
}

function aclOf(file: string, text: string): Acl {
  const layers = new Layers();
  layers.addFile(file, text);
  const issues: ConfigIssue[] = [];
  const { rules = [], groups = {}, ...others } = layers.value;
  for (const key of Object.keys(others)) {
    const message = `there is no ${key}; expected [[rules]] and [groups]`;
    issues.push({ place: layers.placeOf([key]), message });
  }
  if (!Array.isArray(rules) || rules.length > rulesMax) {
    const place = layers.placeOf(['rules']);
    throw new ConfigError([{ place, message: `rules: expected at most ${rulesMax} [[rules]]` }]);
  }
  const stage = rules.flatMap((rule, at) => ruleOf(rule, ['rules', `${at}`], layers, issues));
  const members = groupsOf(groups, layers, issues);
  if (issues.length > 0) throw new ConfigError(issues);
  return new Acl({ stages: [stage], groups: members });
}

function ruleOf(
  value: unknown,
  path: readonly string[],
  layers: Layers,
  issues: ConfigIssue[],
): AclRule[] {
  try {
    return [aclRule(value, layers.placeOf(path))];
  } catch (error) {
    if (!(error instanceof AclRuleError)) throw error;
    const where = error.key === '' ? path : [...path, error.key];
    const message = `${path.join('.')}: ${error.message}`;
    issues.push({ place: layers.placeOf(where), message });
    return [];
  }
}

function groupsOf(
  groups: unknown,
  layers: Layers,
  issues: ConfigIssue[],
): Map<string, ReadonlySet<string>> {
  const found = new Map<string, ReadonlySet<string>>();
  const entries = typeof groups === 'object' && groups !== null ? Object.entries(groups) : [];
  for (const [name, members] of entries) {
    const isList = Array.isArray(members) && members.length <= membersMax;
    if (isList && members.every(one => typeof one === 'string')) found.set(name, new Set(members));
    else {
      const place = layers.placeOf(['groups', name]);
      issues.push({ place, message: `groups.${name}: expected a list of user names` });
    }
  }
  return found;
}
