/** One published message on its way: what it is, how far it has come, and who waits for it. */
import type { AcknowledgementPacket, PublishPacket, UserProperty } from '@godwit/protocol';

export interface PublishResult {
  /** 0x00, or 0x10 when the server told that nobody subscribes. Always 0x00 for QoS 0 and 3.x. */
  readonly reasonCode: number;
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
}

/** When `publish` resolves. */
export type Until = 'sent' | 'stored' | 'acked';

export interface Publication {
  /** Its packet identifier is set when it is sent. */
  readonly packet: PublishPacket;
  /** When its lifetime ends, on the monotonic clock; Infinity where it has no end. */
  readonly expiresAt: number;
  /** 'waiting' for room in the queue, 'queued' in it, or in no place for a moment: 'new'. */
  state: 'new' | 'waiting' | 'queued' | 'sent' | 'settled';
  /** It was sent on some connection: the server may have it. */
  wasSent: boolean;
  /** Nobody waits for it any longer. */
  isAbandoned: boolean;
  readonly until: Until;
  /** Its promise is resolved: what becomes of it is told otherwise. */
  isAnswered: boolean;
  /** Its place in the store's log, from 1 on; 0 while it is not in there. */
  sequence: number;
  /** PUBREC of a QoS 2 message: the server's word on it, which PUBCOMP only confirms. */
  received: AcknowledgementPacket | undefined;
  resolve(result: PublishResult): void;
  reject(error: unknown): void;
}

/** Bytes of topic and payload, near enough. */
export function sizeOf({ packet }: Publication): number {
  return packet.topic.length + packet.payload.length;
}
