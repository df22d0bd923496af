/** AUTH: one step of enhanced authentication, 5.0 only. */
import type { PacketType } from './packet-type.ts';
import type { Properties } from './property.ts';

export type AuthProperties = Pick<
  Properties,
  'authenticationMethod' | 'authenticationData' | 'reasonString' | 'userProperties'
>;

export interface AuthPacket {
  type: typeof PacketType.auth;
  reasonCode: number;
  properties?: AuthProperties;
}
