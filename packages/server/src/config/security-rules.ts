/**
 * What the schema of authenticators and access rules cannot say: which keys go with which type, and
 * that files are there and can be understood.
 */
import {
  type AuthenticatorConfig,
  type AuthenticatorType,
  authenticatorTypes,
  type Config,
} from './config.ts';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import type { Layers } from './layers.ts';
import { readAcl, readUsers } from './security-files.ts';

const typesOf: Readonly<Record<keyof AuthenticatorConfig, readonly AuthenticatorType[]>> = {
  type: authenticatorTypes,
  onError: authenticatorTypes,
  file: ['password'],
};

/** Of each type: what it cannot do without. */
const neededBy: Readonly<Record<AuthenticatorType, readonly (keyof AuthenticatorConfig)[]>> = {
  password: ['file'],
};

/** @param config as the schema let it through */
export function securityIssues(config: Config, layers: Layers): ConfigIssue[] {
  const issues = config.authenticators.flatMap((one, at) =>
    authenticatorIssues(one, ['authenticators', `${at}`], layers),
  );
  const { file, mosquittoFile } = config.acl;
  if (file !== undefined && mosquittoFile !== undefined) {
    const place = layers.placeOf(['acl', 'mosquittoFile']);
    return [...issues, { place, message: 'acl.mosquittoFile stands beside file; expected one' }];
  }
  const key = file === undefined ? 'mosquittoFile' : 'file';
  return [...issues, ...fileIssues(['acl', key], layers, () => readAcl(config.acl))];
}

function authenticatorIssues(
  config: AuthenticatorConfig,
  path: readonly string[],
  layers: Layers,
): ConfigIssue[] {
  const { type } = config;
  const name = path.join('.');
  const foreign = Object.keys(config)
    .filter(key => !typesOf[key as keyof AuthenticatorConfig].includes(type))
    .map(key => {
      const types = typesOf[key as keyof AuthenticatorConfig].map(one => `"${one}"`).join(' or ');
      const message = `${name}.${key} is not for type "${type}"; expected ${types}`;
      return { place: layers.placeOf([...path, key]), message };
    });
  const lacking = neededBy[type]
    .filter(key => config[key] === undefined)
    .map(key => {
      return { place: layers.placeOf(path), message: `${name} of type "${type}" lacks ${key}` };
    });
  if (foreign.length + lacking.length > 0) return [...foreign, ...lacking];
  return fileIssues([...path, 'file'], layers, () => readUsers(config.file!));
}

/** What `read` finds wrong with a file that is named at `path`, or in it. */
function fileIssues(path: readonly string[], layers: Layers, read: () => unknown): ConfigIssue[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.issues];
    const { message } = error as Error;
    return [{ place: layers.placeOf(path), message: `${path.join('.')} ${message}` }];
  }
}
