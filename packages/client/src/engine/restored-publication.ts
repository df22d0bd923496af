/** A message of an earlier process, as one of this one: nobody waits for it any more. */
import { OutboundState, PacketType, ReasonCode } from '@godwit/protocol';
import type { StoredMessage } from './journal.ts';
import type { Publication } from './publication.ts';

export function restoredPublication(message: StoredMessage): Publication {
  const { packet, expiresAt, sequence, state } = message;
  const { packetId } = packet;
  const isTakenOver = state === OutboundState.awaitingPubcomp;
  return {
    packet,
    expiresAt,
    state: state === undefined ? 'new' : 'sent',
    wasSent: state !== undefined,
    isAbandoned: false,
    until: 'stored',
    isAnswered: true,
    sequence,
    received: isTakenOver
      ? { type: PacketType.pubrec, packetId, reasonCode: ReasonCode.success }
      : undefined,
    resolve() {},
    reject() {},
  };
}
