/** Opens the admin listener that a piece of configuration asks for. */
import { AdminServer, type AdminSystem } from '@godwit/admin';
import { tokenHash } from './config/admin-rules.ts';
import type { AdminConfig } from './config/config.ts';

/** @throws Error of the system, or about a token's file */
export async function openAdmin(config: AdminConfig, system: AdminSystem): Promise<AdminServer> {
  const { host, port = 0, requestsPerSecondMax } = config;
  const tokens = config.tokens.map(token => ({
    name: token.name,
    sha256: tokenHash(token),
    scopes: token.scopes,
    expiresAtMs: token.expires === undefined ? undefined : Date.parse(token.expires),
  }));
  return AdminServer.listen({ system, host, port, tokens, requestsPerSecondMax });
}
