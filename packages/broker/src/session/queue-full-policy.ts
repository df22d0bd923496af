/** What happens to a message with QoS 1 or 2 for a session whose queue is at its bound. */

/**
 * - `drop-newest`: it is dropped for that session;
 * - `drop-oldest`: the message that waits longest there is dropped for it;
 * - `reject`: its publisher is refused (0x97), and nobody gets it. Before 5.0 a publisher cannot be
 *   told: then as `drop-newest`.
 */
export type QueueFullPolicy = (typeof queueFullPolicies)[number];

export const queueFullPolicies = ['drop-newest', 'drop-oldest', 'reject'] as const;
