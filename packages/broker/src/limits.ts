/**
 * Every bound of the broker, with its default. What happens at a bound stands with it; each hit is
 * counted in the metric that the text names.
 */

export interface Limits {
  /** Open connections; one more is closed unanswered (`connectionsRefused`). */
  connectionsMax: number;
  /**
   * Open connections of one address, 0: no bound; one more is closed unanswered
   * (`connectionsRefusedAddress`). Of IPv6 a /64 counts as one address.
   */
  connectionsPerAddressMax: number;
  /**
   * Connected clients of one user name, 0: no bound; one more is refused with 0x97
   * (`connectionsRefusedUsername`).
   */
  connectionsPerUsernameMax: number;
  /** Connections a second, 0: no bound; those above are refused with 0x9F (`connectsRefusedRate`). */
  connectsPerSecond: number;
  /** Connections a second of one address; as above. */
  connectsPerSecondPerAddress: number;
  /** Addresses whose rate is remembered; the longest known is forgotten for one more. */
  addressesMax: number;
  /**
   * Messages a second that one client may publish, 0: no bound. Above it the client is read no
   * faster (`publishersPaused`), or with `publishRatePolicy` `refuse` told 0x97, at QoS 0 and before
   * 5.0 by the end of its connection (0x96, `publishesRefusedRate`).
   */
  publishMessagesPerSecond: number;
  /** Bytes of PUBLISH packets a second that one client may send; as above. */
  publishBytesPerSecond: number;
  /**
   * Filters a second that one client may subscribe to, 0: no bound; above it the client is read no
   * faster (`publishersPaused`).
   */
  subscribesPerSecond: number;
  /** Milliseconds of each of these rates that may be used at once, by who used nothing before. */
  rateBurstMs: number;
  /** Bans; `ban` throws for one more. */
  bansMax: number;
  /**
   * CONNECTs of one client identifier within `flappingWindowSeconds`, 0: no bound; one more is
   * refused with 0x8A, and the identifier banned for `flappingBanSeconds` (`clientsFlapping`).
   */
  flappingConnectsMax: number;
  /** Seconds in which CONNECTs are counted for that. */
  flappingWindowSeconds: number;
  /** Seconds that such a ban holds. */
  flappingBanSeconds: number;
  /** Client identifiers for which they are counted; the longest known is forgotten for one more. */
  flappingClientsMax: number;
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
  /**
   * Milliseconds that a hook may take to answer, 0: no bound (`hookTimeouts`). Then a CONNECT is
   * refused with 0x88, who authenticates anew is disconnected with 0x87, and a PUBLISH or a filter is
   * refused with 0x83; a PUBLISH before 5.0 with QoS 1 or 2 ends its connection instead.
   */
  hookTimeoutMs: number;
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
  /** Subscriptions of one session; more are refused with 0x97 in SUBACK (`subscriptionsRefused`). */
  subscriptionsPerSessionMax: number;
  /** Of these, subscriptions with wildcards; as above (`subscriptionsRefused`). */
  wildcardSubscriptionsPerSessionMax: number;
  /** Subscriptions of all sessions together; as above. */
  subscriptionsMax: number;
  /** Bytes of a filter; longer ones are refused with 0x8F in SUBACK (`subscriptionsRefused`). */
  filterBytesMax: number;
  /** Bytes of a topic; a longer one ends the connection, or is refused as a will, with 0x90. */
  topicBytesMax: number;
  /** Seconds of Will Delay Interval; a CONNECT that asks for more is refused with 0x97. */
  willDelayMaxSeconds: number;
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
   * Messages waiting in memory in all sessions together; another one for a session that is not
   * durable is dropped, or with the policy `reject` refused (`messagesDroppedQueueFull`).
   */
  totalQueueMessagesMax: number;
  /** Their bytes, a message that waits in several sessions counted once; as above. */
  totalQueueBytesMax: number;
  /**
   * Bytes written for one connection and not yet taken by its peer. Above it QoS 0 messages to it
   * are dropped (`messagesDroppedSlowClient`), QoS 1 and 2 wait in its session, and the retained
   * messages of new subscriptions are not looked up yet. Above twice that (by answers it asked
   * for) nothing more is read from it until it took its share.
   */
  outboundBytesMax: number;
  /**
   * The same for all connections together, where what several share counts once. Above it each gets
   * its fair share of half of it instead of `outboundBytesMax`, but 64 KiB at least, until half is
   * left.
   */
  totalOutboundBytesMax: number;
  /**
   * Milliseconds in which a client above `outboundBytesMax` must have taken something (steps of 256
   * KiB), 0: no bound; else its connection ends with 0x97 (`slowClientsDisconnected`). Its session
   * keeps what it had not acknowledged.
   */
  slowClientTimeoutMs: number;
  /**
   * Milliseconds by which timers are late when the broker is overloaded, 0: no bound. From 80 % on
   * it is busy. Busy: new connections are refused with 0x89 (`connectsRefusedBusy`). Overloaded:
   * besides, QoS 0 from clients is dropped (`messagesDroppedOverload`), and after each read nothing
   * more is read from a publisher for 100 ms. Looked at once a second; three looks in a row raise the
   * state, five below nine tenths of its threshold lower it.
   */
  loopDelayMaxMs: number;
  /** Bytes of memory held by JavaScript at which the broker is overloaded; as above. */
  memoryBytesMax: number;
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
  connectionsPerAddressMax: 0,
  connectionsPerUsernameMax: 0,
  connectsPerSecond: 0,
  connectsPerSecondPerAddress: 0,
  addressesMax: 65_536,
  publishMessagesPerSecond: 0,
  publishBytesPerSecond: 0,
  subscribesPerSecond: 0,
  rateBurstMs: 1000,
  bansMax: 100_000,
  flappingConnectsMax: 0,
  flappingWindowSeconds: 60,
  flappingBanSeconds: 300,
  flappingClientsMax: 65_536,
  connectTimeoutMs: 10_000,
  packetBytesMax: 268_435_455 + 5,
  connectBytesMax: 262_144,
  authChallengesMax: 10,
  hookTimeoutMs: 30_000,
  receiveMaximum: 1024,
  inflightMax: 1024,
  topicAliasMaximum: 32,
  outboundTopicAliasMaximum: 32,
  maximumQoS: 2,
  keepAliveMaxSeconds: 0,
  sessionExpiryMaxSeconds: 0xffffffff,
  sessionsMax: 1_000_000,
  subscriptionsPerSessionMax: 100_000,
  wildcardSubscriptionsPerSessionMax: 100_000,
  subscriptionsMax: 10_000_000,
  filterBytesMax: 65_535,
  topicBytesMax: 65_535,
  willDelayMaxSeconds: 0xffffffff,
  topicLevelsMax: 128,
  queueMessagesMax: 100_000,
  queueBytesMax: 64 * 1024 * 1024,
  totalQueueMessagesMax: 10_000_000,
  totalQueueBytesMax: 1024 * 1024 * 1024,
  outboundBytesMax: 8 * 1024 * 1024,
  totalOutboundBytesMax: 512 * 1024 * 1024,
  slowClientTimeoutMs: 60_000,
  loopDelayMaxMs: 0,
  memoryBytesMax: 0,
  retainedMessagesMax: 1_000_000,
  retainedBytesMax: 1024 * 1024 * 1024,
  sharedPublishersMax: 65_536,
  routeCacheEntries: 65_536,
  closeGraceMs: 5_000,
});

/** Bounds that hold for the broker's whole life: its tables were made with them. */
export const fixedLimits: readonly (keyof Limits)[] = ['sharedPublishersMax', 'routeCacheEntries'];

/** Lowest and highest value of each bound. */
export const limitRanges: { readonly [key in keyof Limits]: readonly [number, number] } = {
  connectionsMax: [1, 10_000_000],
  connectionsPerAddressMax: [0, 10_000_000],
  connectionsPerUsernameMax: [0, 10_000_000],
  connectsPerSecond: [0, 1_000_000],
  connectsPerSecondPerAddress: [0, 1_000_000],
  addressesMax: [1, 16_777_216],
  publishMessagesPerSecond: [0, 100_000_000],
  publishBytesPerSecond: [0, Number.MAX_SAFE_INTEGER],
  subscribesPerSecond: [0, 10_000_000],
  rateBurstMs: [10, 3_600_000],
  bansMax: [0, 10_000_000],
  flappingConnectsMax: [0, 1_000_000],
  flappingWindowSeconds: [1, 86_400],
  flappingBanSeconds: [1, 31_536_000],
  flappingClientsMax: [1, 16_777_216],
  connectTimeoutMs: [1, 3_600_000],
  packetBytesMax: [64, 268_435_460],
  connectBytesMax: [64, 268_435_460],
  authChallengesMax: [1, 1000],
  hookTimeoutMs: [0, 3_600_000],
  receiveMaximum: [1, 65_535],
  inflightMax: [1, 65_535],
  topicAliasMaximum: [0, 65_535],
  outboundTopicAliasMaximum: [0, 65_535],
  maximumQoS: [0, 2],
  keepAliveMaxSeconds: [0, 65_535],
  sessionExpiryMaxSeconds: [0, 0xffffffff],
  sessionsMax: [1, 100_000_000],
  subscriptionsPerSessionMax: [1, 10_000_000],
  wildcardSubscriptionsPerSessionMax: [0, 10_000_000],
  subscriptionsMax: [0, 1_000_000_000],
  filterBytesMax: [1, 65_535],
  topicBytesMax: [1, 65_535],
  willDelayMaxSeconds: [0, 0xffffffff],
  topicLevelsMax: [1, 65_535],
  queueMessagesMax: [0, 100_000_000],
  queueBytesMax: [0, Number.MAX_SAFE_INTEGER],
  totalQueueMessagesMax: [0, 1_000_000_000],
  totalQueueBytesMax: [0, Number.MAX_SAFE_INTEGER],
  outboundBytesMax: [65_536, Number.MAX_SAFE_INTEGER],
  totalOutboundBytesMax: [65_536, Number.MAX_SAFE_INTEGER],
  slowClientTimeoutMs: [0, 3_600_000],
  loopDelayMaxMs: [0, 3_600_000],
  memoryBytesMax: [0, Number.MAX_SAFE_INTEGER],
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
