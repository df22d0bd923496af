export { Acl, type AclOptions, type Groups } from './acl/acl.ts';
export {
  type AclAction,
  type AclRule,
  AclRuleError,
  type AclSubject,
  aclRule,
} from './acl/acl-rule.ts';
export { Authorizer } from './acl/authorizer.ts';
export type { AclDecision, ClientAcl } from './acl/client-acl.ts';
export { parseMosquittoAcl } from './acl/mosquitto-acl.ts';
export {
  CertificateAuthenticator,
  type CertificateName,
  certificateNames,
} from './certificate/certificate-authenticator.ts';
export type { Allowed, Authenticator, Denied, Ignored, Verdict } from './chain/authenticator.ts';
export {
  AuthenticatorChain,
  type AuthenticatorChainOptions,
  type ChainDecision,
  type ChainLink,
  type ChainStep,
} from './chain/authenticator-chain.ts';
export { Gate, GateFullError } from './chain/gate.ts';
export { FileFaultError, type LineFault } from './file-fault-error.ts';
export { HttpAuthenticator, type HttpOptions } from './http/http-authenticator.ts';
export { Identity, type IdentityOptions, identityOf } from './identity.ts';
export { publicKey, secretKey } from './jwt/file-key.ts';
export { type Argon2Parameters, argon2Hash } from './password/argon2-hash.ts';
export { PasswordAuthenticator } from './password/password-authenticator.ts';
export { scramHash } from './password/scram-hash.ts';
export {
  parseUsers,
  type User,
  userNameFault,
  withoutUser,
  withUser,
} from './password/user-file.ts';
export {
  type ScramCredential,
  type ScramCredentialOptions,
  type ScramHash,
  scramCredential,
} from './scram/scram-credential.ts';
export { type ScramLookup, type ScramOptions, scramMethod } from './scram/scram-method.ts';
