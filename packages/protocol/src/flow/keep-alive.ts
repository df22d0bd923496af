/** The arithmetic of keep alive. Has no clock and no timer: its ticks are the caller's. */

/** Milliseconds of silence per second of keep alive that the server bears: one and a half times. */
const graceMsPerSecond = 1_500;

/**
 * The Server Keep Alive to impose, when the client's own wish is not acceptable. Whatever is
 * imposed holds for both sides [MQTT-3.1.2-21].
 * @param requested of CONNECT, seconds; 0 asks for none
 * @param maximum that the server allows, seconds; 0 allows any, and none
 * @returns seconds, or undefined to accept the client's
 */
export function serverKeepAlive(requested: number, maximum: number): number | undefined {
  if (maximum === 0) return undefined;
  return requested === 0 || requested > maximum ? maximum : undefined;
}

/**
 * How many whole ticks may lie between the tick of the last packet and one at which the connection
 * is closed for its silence [MQTT-3.1.2-22]. Never too early: the last packet may have come at the
 * very end of its tick.
 * @param keepAlive in force, seconds
 * @param tickMs length of a tick
 * @returns Infinity for keep alive 0
 */
export function keepAliveGraceTicks(keepAlive: number, tickMs: number): number {
  return keepAlive === 0 ? Infinity : Math.ceil((keepAlive * graceMsPerSecond) / tickMs) + 1;
}

/** Whether a connection has been silent for longer than its grace, in ticks. */
export function isKeepAliveOver(now: number, lastSeen: number, graceTicks: number): boolean {
  return now - lastSeen >= graceTicks;
}
