/** `-d`: says what happens on the connection, for people; or nothing. */
import type { Client, PublishResult, Subscription } from '@godwit/client';
import { reasonCodeName } from '@godwit/protocol';

export interface Debug {
  connected(client: Client): void;
  published(topic: string, payload: Uint8Array, result: PublishResult): void;
  subscribed(subscription: Subscription): void;
}

export function debugTo(stream: { write(text: string): unknown } | undefined): Debug {
  const say = (text: string): void => void stream?.write(`${text}\n`);
  return {
    connected({ server }) {
      if (server === undefined) return;
      const { clientId, sessionPresent, keepAliveMs } = server;
      const session = sessionPresent ? 'its session goes on' : 'a new session';
      say(`connected as ${clientId}; ${session}; keep alive ${keepAliveMs / 1000} s`);
    },
    published(topic, payload, { reasonCode }) {
      say(`published ${payload.length} bytes to ${topic}: ${reasonCodeName(reasonCode)}`);
    },
    subscribed({ granted }) {
      for (const [filter, qos] of granted) say(`subscribed to ${filter}, QoS ${qos}`);
    },
  };
}
