/**
 * What the broker counts: plain integer fields, added to on the hot path and summed up by whoever
 * reads them. Counters only grow; gauges say so.
 */
export class Metrics {
  /** Gauge: open connections, including those that have not sent CONNECT. */
  connectionsOpen = 0;
  connectionsAccepted = 0;
  connectionsRefused = 0;
  /** Closed unanswered: their listener had as many as it may. */
  connectionsRefusedListener = 0;
  /** Closed unanswered: their address had as many as it may. */
  connectionsRefusedAddress = 0;
  connectionsRefusedUsername = 0;
  /** Came faster than connections may, of their address, by their listener, or in all. */
  connectsRefusedRate = 0;
  connectsRefusedBanned = 0;
  /** Came while the broker was busy. */
  connectsRefusedBusy = 0;
  /** Banned for connecting too often. */
  clientsFlapping = 0;
  /** Gauge: sessions, connected or not. */
  sessions = 0;
  /** Durable sessions that the storage engine had no room for. */
  sessionsRefused = 0;
  /** Gauge. */
  subscriptions = 0;
  /** A bound of the number of subscriptions, or of the length of filters, forbade them. */
  subscriptionsRefused = 0;
  bytesReceived = 0;
  bytesSent = 0;
  packetsReceived = 0;
  messagesReceived = 0;
  messagesSent = 0;
  /** Gauge: messages that wait in memory, in all queues. */
  queuedMessages = 0;
  /** Gauge: their bytes. */
  queuedBytes = 0;
  /** Times that a client was read no further because it had sent too much. */
  publishersPaused = 0;
  /** Came faster than their client may publish. */
  publishesRefusedRate = 0;
  /** No session wanted the message. */
  messagesUnrouted = 0;
  messagesDroppedSlowClient = 0;
  messagesDroppedQueueFull = 0;
  /** The storage engine had no room for the message, for some or all who were to get it. */
  messagesDroppedStorageFull = 0;
  /** With QoS 0, while the broker was overloaded. */
  messagesDroppedOverload = 0;
  messagesDroppedExpired = 0;
  messagesDroppedTooLarge = 0;
  /** Of a shared subscription: none of its members could take the message. */
  messagesDroppedNoMember = 0;
  /** Of a shared subscription: went to another member than the one that had them first. */
  messagesReassigned = 0;
  /** Said to be UTF-8 and were not; see `checkPayloadFormat`. */
  payloadsInvalid = 0;
  /** Refused by `authenticate` or an authentication method, at CONNECT or later. */
  authenticationsRefused = 0;
  publishesUnauthorized = 0;
  /** Subscribed to, and kept back by `authorizeReceive`. */
  messagesDroppedUnauthorized = 0;
  /** Were allowed once, and ended because they are not any more. */
  subscriptionsRevoked = 0;
  /** Connections ended because what let the client in had a time limit. */
  permissionsExpired = 0;
  protocolErrors = 0;
  keepAliveTimeouts = 0;
  connectTimeouts = 0;
  /** Clients that took nothing of what waited for them. */
  slowClientsDisconnected = 0;
  hookTimeouts = 0;
  /** Gauge: 0 normal, 1 busy, 2 overloaded. */
  loadLevel = 0;
  takeovers = 0;
  willsPublished = 0;
  /** Gauge. */
  retainedMessages = 0;
  /** Gauge. */
  retainedBytes = 0;
  retainedRefused = 0;
}
