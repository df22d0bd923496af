/**
 * All that the broker knows of one topic, resolved once: its checked name and who wants its
 * messages. Right as long as its generation is the router's; any subscription change moves that on.
 */
import type { AckLevel } from '../durable/ack-level.ts';
import type { SharedGroup } from './shared-group.ts';
import type { Subscription } from './subscription.ts';

const slash = 0x2f;

export class Route {
  readonly topic: string;
  readonly topicBytes: Uint8Array;
  readonly hash: number;
  /** Topic levels. */
  readonly levels: number;
  /** What an acknowledgement promises on this topic; null: what it does on the listener. */
  readonly ackLevel: AckLevel | null;
  /** Router generation that the lists below belong to; -1 before the first resolution. */
  generation: number;
  /** One for each session that wants the messages; may be the list of the one filter that matches. */
  subscriptions: readonly Subscription[];
  groups: SharedGroup[];
  /** Every receiver takes messages as they come: no group, no identifiers, no No Local. */
  isPlain: boolean;
  /** Set when used, cleared by the cache's clock hand. */
  recent: boolean;

  constructor(
    topic: string,
    topicBytes: Uint8Array,
    hash: number,
    ackLevel: AckLevel | null = null,
  ) {
    this.topic = topic;
    this.topicBytes = topicBytes;
    this.hash = hash;
    this.levels = topicBytes.reduce((levels, byte) => levels + (byte === slash ? 1 : 0), 1);
    this.ackLevel = ackLevel;
    this.generation = -1;
    this.subscriptions = [];
    this.groups = [];
    this.isPlain = false;
    this.recent = true;
  }

  /** Whether this is the route of the topic at `bytes[start..end)`. */
  isOf(bytes: Uint8Array, start: number, end: number): boolean {
    const own = this.topicBytes;
    if (own.length !== end - start) return false;
    // From the end: topics of one publisher tend to differ there.
    for (let i = end - 1, j = own.length - 1; j >= 0; i -= 1, j -= 1) {
      if (bytes[i] !== own[j]) return false;
    }
    return true;
  }
}
