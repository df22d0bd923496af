/** The schema of an authenticator: all keys of all types. Which go together: `security-rules.ts`. */
import { certificateNames } from '@godwit/auth';
import { z } from 'zod';
import { type AuthenticatorConfig, authenticatorTypes } from './config.ts';

const pathLengthMax = 4096;
const textLengthMax = 1024;

/** A file's path. */
export const file: z.ZodString = z.string().min(1).max(pathLengthMax);
const text = z.string().min(1).max(textLengthMax);

function count(min: number, max: number): z.ZodNumber {
  return z.int().min(min).max(max);
}

const jwtKeys = {
  secretFile: file
    .optional()
    .describe('For `jwt`: file of the secret, 32 bytes or more, that tokens are signed with.'),
  keyFile: file
    .optional()
    .describe(
      'For `jwt`, instead of `secretFile`: file of a public key (RSA, EC, Ed25519) or a ' +
        'certificate, in PEM.',
    ),
  jwksUrl: text
    .optional()
    .describe(
      'For `jwt`, instead of `secretFile`: where the issuer serves its keys (JWKS). They are ' +
        'asked for again after 10 minutes, and for a key that is not among them.',
    ),
  issuer: text
    .optional()
    .describe('For `jwt`: the claim `iss`; tokens of others are left to the next authenticator.'),
  audience: text.optional().describe('For `jwt`: the claim `aud`, or one of those in it.'),
  leewaySeconds: count(0, 3600)
    .optional()
    .describe('For `jwt`: seconds by which clocks may differ; 30 if not given.'),
  tokenIn: z
    .enum(['password', 'username'])
    .optional()
    .describe('For `jwt`: where CONNECT has the token; `password` if not given.'),
  usernameClaim: text.optional().describe('For `jwt`: who it is; `sub` if not given.'),
  groupsClaim: text
    .optional()
    .describe('For `jwt`: list of the groups that the client is in; `groups` if not given.'),
  aclClaim: text
    .optional()
    .describe('For `jwt`: list of rules for the client; `acl` if not given.'),
};

const httpKeys = {
  url: text
    .optional()
    .describe('For `http`: what is asked, by POST. For `ldap`: the directory, `ldaps://…`.'),
  bearerFile: file
    .optional()
    .describe('For `http`: file of a token that goes along as `Authorization: Bearer`.'),
  cacheSeconds: count(0, 86_400)
    .optional()
    .describe('For `http`: seconds that a yes is remembered; 0 if not given.'),
  cacheDeniedSeconds: count(0, 86_400)
    .optional()
    .describe('For `http`: seconds that a no is remembered; 0 if not given.'),
  cacheEntriesMax: count(1, 10_000_000)
    .optional()
    .describe('For `http`: answers that are remembered; 10_000 if not given.'),
  requestsMax: count(1, 1000)
    .optional()
    .describe(
      'For `http` and `ldap`: clients that are asked about at the same time; 16 and 8 if not ' +
        'given. 1,000 may wait, more are refused with 0x89.',
    ),
};

const ldapKeys = {
  userDn: text
    .optional()
    .describe(
      'For `ldap`: how a user is named, as `uid=%u,ou=people,dc=example`; the broker binds as that.',
    ),
  searchBase: text
    .optional()
    .describe('For `ldap`, instead of `userDn`: entry below which the user is searched for.'),
  searchFilter: text
    .optional()
    .describe('For `ldap`, with `searchBase`: what finds the user; `(uid=%u)` if not given.'),
  bindDn: text.optional().describe('For `ldap`, with `searchBase`: who searches.'),
  bindPasswordFile: file.optional().describe('For `ldap`, with `bindDn`: file of its password.'),
  groupAttribute: text
    .optional()
    .describe('For `ldap`: attribute of the user’s entry with its groups, as `memberOf`.'),
  ca: file
    .optional()
    .describe('For `ldap`: file of the certificates, in PEM, that may have signed the server’s.'),
};

export const authenticator: z.ZodType<AuthenticatorConfig> = z.strictObject({
  type: z
    .enum(authenticatorTypes)
    .describe(
      'By user name and password in a file, and by SCRAM with that file (`password`); by the ' +
        'certificate that the client shows (`certificate`); by a token (`jwt`); by a service ' +
        '(`http`); by a directory (`ldap`).',
    ),
  onError: z
    .enum(['refuse', 'next'])
    .default('refuse')
    .describe(
      'When it cannot tell: refuse the client with 0x88, server unavailable, or ask the next one.',
    ),
  file: file
    .optional()
    .describe(
      'For `password`: file of users, as `godwit passwd` and mosquitto_passwd write it. Read ' +
        'again when it changes, and on SIGHUP.',
    ),
  identity: z
    .enum(certificateNames)
    .optional()
    .describe(
      'For `certificate`: what becomes the user name: CN, the whole subject, or the one ' +
        'alternative name of a kind; `commonName` if not given.',
    ),
  ...jwtKeys,
  ...httpKeys,
  ...ldapKeys,
});
