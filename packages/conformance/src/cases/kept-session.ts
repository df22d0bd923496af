/** Sessions that outlive their connection, for cases about what is left in them. */
import type { ConnectPacket, ConnectProperties } from '@godwit/protocol';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';

/** Of a session that is resumed if there is one, and kept for a minute. */
export function kept(properties: ConnectProperties = {}): Partial<ConnectPacket> {
  return { cleanStart: false, properties: { sessionExpiryInterval: 60, ...properties } };
}

/** Another connection for a session. */
export async function resume(
  t: CaseContext,
  clientId: string,
  properties: ConnectProperties = {},
): Promise<CaseClient> {
  return await t.connect({ clientId, ...kept(properties) });
}
