/** Opens the authenticator that a piece of configuration asks for, whatever its type. */
import {
  type Authenticator,
  CertificateAuthenticator,
  type Gate,
  HttpAuthenticator,
  PasswordAuthenticator,
} from '@godwit/auth';
import type { JwtKeySource } from '@godwit/auth/jwt';
import type { AuthenticatorConfig } from './config/config.ts';
import { secretOf, textOf } from './config/security-files.ts';

/**
 * @param gate bounds the checks of passwords
 * @param timeoutMs that it may take over one client
 * @throws Error when a file cannot be used
 */
export async function openAuthenticator(
  config: AuthenticatorConfig,
  gate: Gate,
  timeoutMs: number,
): Promise<Authenticator> {
  switch (config.type) {
    case 'password':
      return PasswordAuthenticator.open(config.file ?? '', gate);
    case 'certificate':
      return new CertificateAuthenticator(config.identity);
    case 'jwt': {
      const { JwtAuthenticator } = await import('@godwit/auth/jwt');
      return JwtAuthenticator.open({ ...config, source: keySource(config), timeoutMs });
    }
    case 'http': {
      const { url = '', bearerFile } = config;
      const bearerToken = bearerFile === undefined ? undefined : secretOf(bearerFile);
      return new HttpAuthenticator({ ...config, url, bearerToken, timeoutMs });
    }
    case 'ldap':
      return ldapAuthenticator(config, timeoutMs);
  }
}

async function ldapAuthenticator(
  config: AuthenticatorConfig,
  timeoutMs: number,
): Promise<Authenticator> {
  const { LdapAuthenticator } = await import('@godwit/auth/ldap');
  const { url = '', userDn, searchBase = '', searchFilter = '(uid=%u)', bindDn } = config;
  const { bindPasswordFile, groupAttribute, ca, requestsMax: checksMax } = config;
  const bindPassword = bindPasswordFile === undefined ? undefined : secretOf(bindPasswordFile);
  const search = { base: searchBase, filter: searchFilter, bindDn, bindPassword };
  return new LdapAuthenticator({
    url,
    user: userDn ?? search,
    groupAttribute,
    ca: ca === undefined ? undefined : textOf(ca),
    checksMax,
    timeoutMs,
  });
}

function keySource({ secretFile, keyFile, jwksUrl = '' }: AuthenticatorConfig): JwtKeySource {
  if (secretFile !== undefined) return { secretFile };
  return keyFile === undefined ? { jwksUrl } : { keyFile };
}
