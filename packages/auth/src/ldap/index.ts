export { LdapAuthenticator, type LdapOptions, type LdapSearch } from './ldap-authenticator.ts';
