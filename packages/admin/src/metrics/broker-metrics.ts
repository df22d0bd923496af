/** What the broker counts, under the names of Prometheus: every field of its `Metrics`. */
import type { Metrics } from '@godwit/broker';
import type { MetricInfo } from './metric.ts';

interface BrokerMetric extends MetricInfo {
  /** Fields that are one metric have a label each, as `reason="expired"`. */
  readonly label?: string;
}

const counter = (name: string, help: string): BrokerMetric => ({
  name: `godwit_${name}_total`,
  type: 'counter',
  help,
});

const gauge = (name: string, help: string): BrokerMetric => ({
  name: `godwit_${name}`,
  type: 'gauge',
  help,
});

const dropped = (reason: string): BrokerMetric => ({
  ...counter('messages_dropped', 'Messages that a receiver did not get, by reason.'),
  label: `reason="${reason}"`,
});

export const brokerMetrics: Readonly<Record<keyof Metrics, BrokerMetric>> = {
  connectionsOpen: gauge('connections', 'Open connections, with those that have not sent CONNECT.'),
  connectionsAccepted: counter('connections_accepted', 'Connections accepted.'),
  connectionsRefused: counter('connections_refused', 'Connections closed unanswered at a bound.'),
  connectionsRefusedListener: counter('listener_connections_refused', 'Refused: listener full.'),
  connectionsRefusedAddress: counter('address_connections_refused', 'Refused: too many of it.'),
  connectionsRefusedUsername: counter('username_connections_refused', 'Refused: too many of it.'),
  connectsRefusedRate: counter('connects_refused_rate', 'Connections that came too fast.'),
  connectsRefusedBanned: counter('connects_refused_banned', 'Connections of who is banned.'),
  connectsRefusedBusy: counter('connects_refused_busy', 'Connections refused while busy.'),
  clientsFlapping: counter('clients_flapping', 'Clients banned for connecting too often.'),
  sessions: gauge('sessions', 'Sessions, connected or not.'),
  sessionsRefused: counter('sessions_refused', 'Durable sessions that storage had no room for.'),
  subscriptions: gauge('subscriptions', 'Subscriptions.'),
  subscriptionsRefused: counter('subscriptions_refused', 'Subscriptions refused at a bound.'),
  bytesReceived: counter('received_bytes', 'Bytes received from clients.'),
  bytesSent: counter('sent_bytes', 'Bytes written to clients.'),
  packetsReceived: counter('packets_received', 'Control packets received.'),
  messagesReceived: counter('messages_received', 'Messages that clients published.'),
  messagesSent: counter('messages_sent', 'Messages sent to clients.'),
  queuedMessages: gauge('memory_queued_messages', 'Messages that wait in memory, in all queues.'),
  queuedBytes: gauge('memory_queued_bytes', 'Bytes of messages that wait in memory.'),
  publishersPaused: counter('publishers_paused', 'Times a client was read no further for a while.'),
  publishesRefusedRate: counter('publishes_refused_rate', 'Messages published too fast.'),
  messagesUnrouted: counter('messages_unrouted', 'Messages that no session wanted.'),
  messagesDroppedSlowClient: dropped('slow_client'),
  messagesDroppedQueueFull: dropped('queue_full'),
  messagesDroppedStorageFull: dropped('storage_full'),
  messagesDroppedExpired: dropped('expired'),
  messagesDroppedTooLarge: dropped('too_large'),
  messagesDroppedNoMember: dropped('no_member'),
  messagesDroppedUnauthorized: dropped('unauthorized'),
  messagesDroppedOverload: dropped('overload'),
  messagesReassigned: counter(
    'messages_reassigned',
    'Messages that went to another member of a shared subscription than had them first.',
  ),
  payloadsInvalid: counter('payloads_invalid', 'Payloads that were not the UTF-8 they said.'),
  authenticationsRefused: counter('authentications_refused', 'Clients not let in.'),
  publishesUnauthorized: counter('publishes_unauthorized', 'Messages not allowed to be published.'),
  subscriptionsRevoked: counter('subscriptions_revoked', 'Subscriptions not allowed any more.'),
  permissionsExpired: counter('permissions_expired', 'Connections whose time was over.'),
  protocolErrors: counter('protocol_errors', 'Connections ended because of a broken protocol.'),
  keepAliveTimeouts: counter('keep_alive_timeouts', 'Connections ended because of silence.'),
  connectTimeouts: counter('connect_timeouts', 'Connections that sent no CONNECT in time.'),
  slowClientsDisconnected: counter('slow_clients_disconnected', 'Clients that took nothing.'),
  hookTimeouts: counter('hook_timeouts', 'Hooks that did not answer in time.'),
  loadLevel: gauge('load_level', '0 normal, 1 busy, 2 overloaded.'),
  takeovers: counter('takeovers', 'Connections ended because their client came back on another.'),
  willsPublished: counter('wills_published', 'Wills published.'),
  retainedMessages: gauge('retained_messages', 'Retained messages.'),
  retainedBytes: gauge('retained_bytes', 'Bytes of retained messages.'),
  retainedRefused: counter('retained_refused', 'Messages not retained at a bound.'),
};
