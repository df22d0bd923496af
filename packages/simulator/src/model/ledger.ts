/**
 * What the checks of all connections share: the order of events, the time, all that was published,
 * and the list of what was found wrong.
 */
import type { PublishPacket, QoS } from '@godwit/protocol';
import { never, type Published, RetainedBook } from './published.ts';

/** More than the properties and headers of any PUBLISH here. */
const frameBytesMax = 60;

export class Ledger {
  /** Number of the last event. */
  now: number;
  /** How often the broker has crashed. */
  crashes: number;
  /** How often a message may have gone from one member of a shared subscription to another. */
  reassignments: number;
  readonly retained: RetainedBook;
  readonly published: Map<string, Published>;
  readonly faults: string[];
  readonly wallMs: () => number;
  /** Gets a line for each packet that passes. */
  readonly note: (line: string) => void;

  constructor(wallMs: () => number, note: (line: string) => void) {
    this.now = 0;
    this.crashes = 0;
    this.reassignments = 0;
    this.retained = new RetainedBook();
    this.published = new Map();
    this.faults = [];
    this.wallMs = wallMs;
    this.note = note;
  }

  fail(what: string): void {
    this.faults.push(what);
  }

  /** The message that a PUBLISH carries; null for one without a name, a removal. */
  find(packet: Pick<PublishPacket, 'payload'>): Published | null {
    return this.published.get(nameOf(packet.payload)) ?? null;
  }

  /** The broker is given a message, for the first time or again. */
  enter(
    packet: { topic: string; payload: Uint8Array; qos: QoS; retain: boolean },
    publisher: string,
    expirySeconds: number | undefined,
    isWill: boolean,
  ): Published {
    const { topic, payload, qos, retain } = packet;
    const name = nameOf(payload);
    let message = this.published.get(name);
    if (message === undefined) {
      message = {
        name,
        topic,
        qos,
        retain,
        publisher,
        isWill,
        expiresAtMs: 0,
        sizeMax: topic.length + payload.length + frameBytesMax,
        firstIn: this.now,
        lastIn: this.now,
        doneAt: never,
        copies: 0,
        origins: new Set(),
        isOff: false,
      };
      this.published.set(name, message);
    }
    message.lastIn = this.now;
    message.doneAt = never;
    message.copies += 1;
    if (expirySeconds !== undefined) message.expiresAtMs = this.wallMs() + expirySeconds * 1000;
    return message;
  }

  /** Whether a topic may have had the message retained at some moment since an event. */
  mayBeRetained(message: Published, since: number): boolean {
    return this.retained.candidates(message.topic, since).includes(message);
  }
}

/** '' for a removal. */
export function nameOf(payload: Uint8Array): string {
  const [name] = new TextDecoder().decode(payload).split(' ');
  return name;
}
