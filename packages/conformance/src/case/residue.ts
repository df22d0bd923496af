/**
 * What a case leaves behind in the server: retained messages and sessions. Watches what is sent,
 * and says what has to be removed.
 */
import { PacketType } from '@godwit/protocol';
import type { TappedPacket } from '../wire/packet-tap.ts';

export class Residue {
  readonly #topics: Set<string> = new Set();
  readonly #clientIds: Set<string> = new Set();

  /** Topics that may have a retained message. */
  get topics(): readonly string[] {
    return [...this.#topics];
  }

  /** Identifiers of sessions that may outlive their connection. */
  get clientIds(): readonly string[] {
    return [...this.#clientIds];
  }

  sent({ packet }: TappedPacket): void {
    if (packet?.type === PacketType.publish && packet.retain) {
      if (packet.payload.length > 0 && packet.topic !== '') this.#topics.add(packet.topic);
    }
    if (packet?.type !== PacketType.connect) return;
    const { protocolVersion, cleanStart, clientId, will, properties } = packet;
    if (will?.retain === true) this.#topics.add(will.topic);
    const isKept =
      protocolVersion === 5 ? (properties?.sessionExpiryInterval ?? 0) > 0 : !cleanStart;
    if (isKept && clientId !== '') this.#clientIds.add(clientId);
  }
}
