/** What clients do, as events. */
import type { ClientInfo } from '@godwit/broker';
import type { AdminSystem, Observer } from '../admin-system.ts';
import type { EventSource } from '../http/events.ts';

export function clientEvents(system: AdminSystem): EventSource {
  return send => system.observe(observerOf(send));
}

function observerOf(send: (event: string, data: object) => void): Observer {
  return {
    onConnect: (client, sessionPresent) => {
      send('connected', { ...described(client), sessionPresent });
    },
    onDisconnect: (client, { reasonCode, byClient }) => {
      send('disconnected', { ...described(client), reasonCode, byClient });
    },
    onSubscribe: ({ clientId }, filter, qos) => send('subscribed', { clientId, filter, qos }),
    onUnsubscribe: ({ clientId }, filter) => send('unsubscribed', { clientId, filter }),
  };
}

function described({ clientId, protocolVersion, remoteAddress, remotePort }: ClientInfo): object {
  return { clientId, protocolVersion, remoteAddress, remotePort };
}
