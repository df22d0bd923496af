/**
 * Every bound of the broker, with its default. What happens at a bound stands with it; each hit is
 * counted in the metric that the text names.
 */

export interface Limits {
  /** Open connections; one more is closed unanswered (`connectionsRefused`). */
  connectionsMax: number;
  /** Milliseconds from accepting a connection to its complete CONNECT; then it is closed. */
  connectTimeoutMs: number;
  /** Bytes of one packet after CONNACK; a larger one closes with 0x95. */
  packetBytesMax: number;
  /** Bytes of a packet before CONNACK; a larger one closes the connection. */
  connectBytesMax: number;
  /**
   * Challenges of one enhanced authentication; a client that would need another is refused with
   * 0x87 (`authenticationsRefused`).
   */
  authChallengesMax: number;
  /** QoS 1 and 2 PUBLISHes that a client may have unacknowledged: our Receive Maximum (1 to 65,535). */
  receiveMaximum: number;
  /** QoS 1 and 2 PUBLISHes in flight to one client, whatever it allows (1 to 65,535). */
  inflightMax: number;
  /** Topic aliases that a client may use: our Topic Alias Maximum (0 to 65,535). */
  topicAliasMaximum: number;
  /** Topic aliases that we use towards a client which allows that many or more (0 to 65,535). */
  outboundTopicAliasMaximum: number;
  /**
   * Highest QoS accepted from a publisher (0, 1 or 2); above it the connection ends with 0x9B. The
   * most that a subscription is granted, too.
   */
  maximumQoS: 0 | 1 | 2;
  /**
   * Seconds; a client that asks for more, or for none, gets this in Server Keep Alive. 0: no cap.
   * Before 5.0 a client cannot be told, so its own wish holds.
   */
  keepAliveMaxSeconds: number;
  /** Seconds that a session outlives its connection at most; 0xFFFFFFFF: for ever. */
  sessionExpiryMaxSeconds: number;
  /** Sessions, connected or not; a new one beyond is refused with 0x97. */
  sessionsMax: number;
  /** Subscriptions of one session; more are refused with 0x97 in SUBACK. */
  subscriptionsPerSessionMax: number;
  /** Levels of a topic or filter; more are refused with 0x90 or 0x8F. */
  topicLevelsMax: number;
  /**
   * Messages waiting in one session; another one is for the policy of full queues
   * (`messagesDroppedQueueFull`).
   */
  queueMessagesMax: number;
  /** Bytes of messages waiting in one session; as above. */
  queueBytesMax: number;
  /**
   * Bytes written for one connection and not yet taken by its peer. Above it QoS 0 messages to it
   * are dropped (`messagesDroppedSlowClient`), QoS 1 and 2 wait in its session, and the retained
   * messages of new subscriptions are not looked up yet. Above twice that (by answers it asked
   * for) nothing more is read from it until it took its share.
   */
  outboundBytesMax: number;
  /**
   * Retained messages; one more is refused and goes to nobody (`retainedRefused`; 0x97 to a
   * publisher with QoS 1 or 2).
   */
  retainedMessagesMax: number;
  /** Bytes of retained messages; as above. */
  retainedBytesMax: number;
  /**
   * Publishers that one shared subscription remembers with the strategy 'sticky-client'; the longest
   * remembered is forgotten then and may get another member.
   */
  sharedPublishersMax: number;
  /** Topics whose resolved subscribers are remembered. */
  routeCacheEntries: number;
  /** Milliseconds that `close` waits for connections to take what was written to them. */
  closeGraceMs: number;
}

export const defaultLimits: Readonly<Limits> = Object.freeze({
  connectionsMax: 1_000_000,
  connectTimeoutMs: 10_000,
  packetBytesMax: 268_435_455 + 5,
  connectBytesMax: 262_144,
  authChallengesMax: 10,
  receiveMaximum: 1024,
  inflightMax: 1024,
  topicAliasMaximum: 32,
  outboundTopicAliasMaximum: 32,
  maximumQoS: 2,
  keepAliveMaxSeconds: 0,
  sessionExpiryMaxSeconds: 0xffffffff,
  sessionsMax: 1_000_000,
  subscriptionsPerSessionMax: 100_000,
  topicLevelsMax: 128,
  queueMessagesMax: 100_000,
  queueBytesMax: 64 * 1024 * 1024,
  outboundBytesMax: 8 * 1024 * 1024,
  retainedMessagesMax: 1_000_000,
  retainedBytesMax: 1024 * 1024 * 1024,
  sharedPublishersMax: 65_536,
  routeCacheEntries: 65_536,
  closeGraceMs: 5_000,
});

/** Lowest and highest value of each bound. */
export const limitRanges: { readonly [key in keyof Limits]: readonly [number, number] } = {
  connectionsMax: [1, 10_000_000],
  connectTimeoutMs: [1, 3_600_000],
  packetBytesMax: [64, 268_435_460],
  connectBytesMax: [64, 268_435_460],
  authChallengesMax: [1, 1000],
  receiveMaximum: [1, 65_535],
  inflightMax: [1, 65_535],
  topicAliasMaximum: [0, 65_535],
  outboundTopicAliasMaximum: [0, 65_535],
  maximumQoS: [0, 2],
  keepAliveMaxSeconds: [0, 65_535],
  sessionExpiryMaxSeconds: [0, 0xffffffff],
  sessionsMax: [1, 100_000_000],
  subscriptionsPerSessionMax: [1, 10_000_000],
  topicLevelsMax: [1, 65_535],
  queueMessagesMax: [0, 100_000_000],
  queueBytesMax: [0, Number.MAX_SAFE_INTEGER],
  outboundBytesMax: [65_536, Number.MAX_SAFE_INTEGER],
  retainedMessagesMax: [0, 1_000_000_000],
  retainedBytesMax: [0, Number.MAX_SAFE_INTEGER],
  sharedPublishersMax: [1, 16_777_216],
  routeCacheEntries: [16, 16_777_216],
  closeGraceMs: [0, 3_600_000],
};

/**
 * Defaults with `given` laid over them.
 * @throws RangeError for an unknown name or a value out of its range, saying what was expected
 */
export function resolveLimits(given: Partial<Limits>): Limits {
  const limits: Limits = { ...defaultLimits };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const range = limitRanges[name as keyof Limits];
    if (range === undefined) throw new RangeError(`limits.${name}: there is no such limit`);
    if (!Number.isInteger(value) || value < range[0] || value > range[1]) {
      throw new RangeError(
        `limits.${name}: is ${value}, expected an integer from ${range[0]} to ${range[1]}`,
      );
    }
    (limits as unknown as Record<string, number>)[name] = value;
  }
  return limits;
}
