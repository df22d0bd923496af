/** Every bound of the client, with its default. What happens at each: see the options. */
export const limits = {
  connectTimeoutMs: 30_000,
  /** Challenges of the server in one exchange of enhanced authentication. */
  authenticationRoundsMax: 16,
  /** How long `close` waits for the transport to end before it cuts it. */
  closeTimeoutMs: 5_000,
  keepAliveMs: 60_000,
  receiveMaximum: 1_000,
  maximumPacketSize: 16_777_216,
  /** In 3.x; a server of 5.0 names its own. */
  inflightMax: 20,
  queueMessagesMax: 100_000,
  queueBytesMax: 67_108_864,
  qos0MessagesMax: 10_000,
  qos0BytesMax: 16_777_216,
  /** Calls of `publish` that wait for room in the queue. */
  waitingMax: 10_000,
  /** SUBSCRIBE and UNSUBSCRIBE packets that await their answer. */
  requestsMax: 1_000,
  /** Of them, those that renew subscriptions after a lost session. */
  renewalsMax: 100,
  /** Calls of `request` that await their answer. */
  requestsOutstandingMax: 1_000,
  requestTimeoutMs: 30_000,
  /** Topics that have an alias on one connection, where the server allows more. */
  topicAliasesMax: 1_024,
  /** Shortest time between two searches of the queue for expired messages. */
  expirySearchMs: 1_000,
  reconnectMinMs: 1_000,
  reconnectMaxMs: 60_000,
  reconnectResetAfterMs: 10_000,
  /** Server References followed without a pause. */
  serverReferencesMax: 3,
} as const;
