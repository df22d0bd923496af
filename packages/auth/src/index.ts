export {
  type ScramCredential,
  type ScramCredentialOptions,
  type ScramHash,
  scramCredential,
} from './scram/scram-credential.ts';
export { type ScramLookup, type ScramOptions, scramMethod } from './scram/scram-method.ts';
