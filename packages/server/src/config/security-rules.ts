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
import { checkJwtKey, readAcl, readUsers, textOf } from './security-files.ts';

type Key = keyof AuthenticatorConfig;

const jwt: readonly AuthenticatorType[] = ['jwt'];
const http: readonly AuthenticatorType[] = ['http'];
const ldap: readonly AuthenticatorType[] = ['ldap'];
const remote: readonly AuthenticatorType[] = ['http', 'ldap'];

const typesOf: Readonly<Record<Key, readonly AuthenticatorType[]>> = {
  type: authenticatorTypes,
  onError: authenticatorTypes,
  file: ['password'],
  identity: ['certificate'],
  secretFile: jwt,
  keyFile: jwt,
  jwksUrl: jwt,
  issuer: jwt,
  audience: jwt,
  leewaySeconds: jwt,
  tokenIn: jwt,
  usernameClaim: jwt,
  groupsClaim: jwt,
  aclClaim: jwt,
  url: remote,
  bearerFile: http,
  cacheSeconds: http,
  cacheDeniedSeconds: http,
  cacheEntriesMax: http,
  requestsMax: remote,
  userDn: ldap,
  searchBase: ldap,
  searchFilter: ldap,
  bindDn: ldap,
  bindPasswordFile: ldap,
  groupAttribute: ldap,
  ca: ldap,
};

/** Of each type: sets of keys of which there has to be one, and only one. */
const oneOf: Readonly<Record<AuthenticatorType, readonly (readonly Key[])[]>> = {
  password: [['file']],
  certificate: [],
  jwt: [['secretFile', 'keyFile', 'jwksUrl']],
  http: [['url']],
  ldap: [['url'], ['userDn', 'searchBase']],
};

/** Keys that mean nothing without another one. */
const goesWith: readonly (readonly [Key, Key])[] = [
  ['searchFilter', 'searchBase'],
  ['bindDn', 'searchBase'],
  ['bindPasswordFile', 'bindDn'],
  ['bindDn', 'bindPasswordFile'],
];

const protocols = {
  jwksUrl: { jwt: ['http:', 'https:'] },
  url: { http: ['http:', 'https:'], ldap: ['ldap:', 'ldaps:'] },
} as const;

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
  const given = (Object.keys(config) as Key[]).filter(key => config[key] !== undefined);
  const at = (key: Key, message: string): ConfigIssue => ({
    place: layers.placeOf([...path, key]),
    message: `${name}.${key} ${message}`,
  });
  const foreign = given
    .filter(key => !typesOf[key].includes(type))
    .map(key => at(key, `is not for type "${type}"; expected ${quoted(typesOf[key])}`));
  const lacking = oneOf[type]
    .filter(keys => given.filter(key => keys.includes(key)).length !== 1)
    .map(keys => ({
      place: layers.placeOf(path),
      message: `${name} of type "${type}" needs ${keys.length > 1 ? 'one of ' : ''}${keys.join(', ')}`,
    }));
  const alone = goesWith
    .filter(([key, other]) => given.includes(key) && !given.includes(other))
    .map(([key, other]) => at(key, `needs ${other}`));
  const addresses = given
    .filter(key => key === 'url' || key === 'jwksUrl')
    .flatMap(key => urlFault(config, key).map(message => at(key, message)));
  const issues = [...foreign, ...lacking, ...alone, ...addresses];
  if (issues.length > 0) return issues;
  return given.flatMap(key =>
    fileIssues([...path, key], layers, () => readers[key]?.(String(config[key]))),
  );
}

/** Those that name a file, with what reads it. */
const readers: Partial<Readonly<Record<Key, (file: string) => unknown>>> = {
  file: readUsers,
  secretFile: file => checkJwtKey('secret', file),
  keyFile: file => checkJwtKey('public', file),
  bearerFile: textOf,
  bindPasswordFile: textOf,
  ca: textOf,
};

function urlFault(config: AuthenticatorConfig, key: 'url' | 'jwksUrl'): string[] {
  const expected: Readonly<Record<string, readonly string[]>> = protocols[key];
  const list = expected[config.type] ?? [];
  const url = URL.parse(config[key]!);
  if (list.length === 0 || (url !== null && list.includes(url.protocol))) return [];
  return [
    `is ${JSON.stringify(config[key])}; expected ${list.map(one => `${one}//…`).join(' or ')}`,
  ];
}

function quoted(types: readonly string[]): string {
  return types.map(one => `"${one}"`).join(' or ');
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
