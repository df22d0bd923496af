export { JwtAuthenticator, type JwtOptions } from './jwt-authenticator.ts';
export type { JwtKeySource } from './jwt-key.ts';
