/** A retained message as those who look into a broker see it. */
import type { QoS } from '@godwit/protocol';
import type { Message } from '../routing/message.ts';

export interface RetainedInfo {
  readonly topic: string;
  /** To be read only. */
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** Client identifier of who published it in this run of the broker; '' where that is not known. */
  readonly publisher: string;
  /** Wall time in milliseconds at which it expires; 0 when it never does. */
  readonly expiresAtMs: number;
}

export function retainedInfo(message: Message): RetainedInfo {
  const { topic, bytes, payloadStart, payloadEnd, qos, publisher, expiresAtMs } = message;
  const payload = bytes.subarray(payloadStart, payloadEnd);
  return { topic, payload, qos, publisher, expiresAtMs };
}
