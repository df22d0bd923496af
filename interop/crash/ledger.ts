/**
 * Who published what and what was acknowledged, who was subscribed when and what came: the one
 * memory that no crash touches, and the checks of it. Events are numbered, so that before and
 * after are never in doubt.
 */
import type { Faults } from './faults.ts';

/** One message of a topic; topics have one publisher and one QoS each. */
export interface Entry {
  readonly n: number;
  readonly qos: 1 | 2;
  readonly isVolatile: boolean;
  /** Event numbers; 0: not yet. */
  sentAt: number;
  ackedAt: number;
  sends: number;
  /** What happened to it, for people. */
  readonly events: string[];
}

/** From SUBACK to UNSUBSCRIBE, and to its answer, a receiver is owed what is published. */
interface Interval {
  askedAt: number;
  since: number;
  until: number;
  gone: number;
}

/** What one client, or one group, is to get. */
export class Receiver {
  readonly name: string;
  readonly filter: (topic: string) => boolean;
  readonly qos: 1 | 2;
  readonly intervals: Interval[] = [];
  /** How often each message came, by topic and number. */
  readonly counts = new Map<string, number[]>();
  readonly #newest = new Map<string, number>();

  constructor(name: string, filter: (topic: string) => boolean, qos: 1 | 2) {
    this.name = name;
    this.filter = filter;
    this.qos = qos;
  }

  count(topic: string, n: number): number {
    return this.counts.get(topic)?.[n] ?? 0;
  }

  add(topic: string, n: number): number {
    const counts = this.counts.get(topic) ?? [];
    this.counts.set(topic, counts);
    counts[n] = (counts[n] ?? 0) + 1;
    return counts[n];
  }

  /** The newest message of a topic that came to `member` before this one. */
  passes(member: string, topic: string, n: number): number {
    const key = `${member} ${topic}`;
    const newest = this.#newest.get(key) ?? 0;
    if (n > newest) this.#newest.set(key, n);
    return newest;
  }

  clear(): void {
    this.counts.clear();
    this.#newest.clear();
    this.intervals.splice(0, this.intervals.length - 1);
  }

  /** Whether `member` was to get the first copy, too. */
  saw(member: string, { sentAt }: Entry): boolean {
    const isIn = this.intervals.some(
      ({ since, until }) => since > 0 && sentAt > since && (until === 0 || sentAt < until),
    );
    return isIn && member === this.name;
  }

  /** @returns 1: must come; -1: must not come; 0: may */
  owes({ sentAt, ackedAt }: Entry): -1 | 0 | 1 {
    if (ackedAt === 0) return 0;
    for (const { since, until } of this.intervals) {
      if (since > 0 && sentAt > since && (until === 0 || ackedAt < until)) return 1;
    }
    // What is under way while a subscription begins or ends may come.
    const isTouched = this.intervals.some(
      ({ askedAt, gone }) => ackedAt > askedAt && (gone === 0 || sentAt < gone),
    );
    return isTouched ? 0 : -1;
  }
}

export class Ledger {
  readonly faults: Faults;
  readonly receivers: Receiver[] = [];
  readonly topics = new Map<string, Entry[]>();
  acknowledged = 0;
  delivered = 0;
  repeated = 0;
  /** Messages that were acknowledged without a promise, and did not come. */
  lostVolatile = 0;
  #event = 0;

  constructor(faults: Faults) {
    this.faults = faults;
  }

  event(): number {
    this.#event += 1;
    return this.#event;
  }

  /** A message that is about to be published. */
  enter(topic: string, qos: 1 | 2, isVolatile: boolean): Entry {
    const entries = this.topics.get(topic) ?? [];
    this.topics.set(topic, entries);
    const n = entries.length + 1;
    const entry: Entry = { n, qos, isVolatile, sentAt: 0, ackedAt: 0, sends: 0, events: [] };
    entries.push(entry);
    return entry;
  }

  sent(entry: Entry): void {
    this.#note(entry, 'sent');
    entry.sends += 1;
    if (entry.sentAt === 0) entry.sentAt = this.event();
  }

  acked(entry: Entry): void {
    this.#note(entry, entry.qos === 1 ? 'PUBACK' : 'PUBREC');
    entry.ackedAt = this.event();
    this.acknowledged += 1;
  }

  /** A message came to `member`, which is the receiver, or one of its group. */
  came(receiver: Receiver, member: string, topic: string, n: number, packetId: number): void {
    const entry = this.topics.get(topic)?.[n - 1];
    if (entry === undefined) {
      this.faults.add('a message that nobody sent', `${member}: ${topic} ${n}`);
      return;
    }
    this.#note(entry, `${member} got it as packet ${packetId}`);
    this.delivered += 1;
    const times = receiver.add(topic, n);
    const newest = receiver.passes(member, topic, n);
    if (times > 1) {
      this.repeated += 1;
      if (Math.min(receiver.qos, entry.qos) === 2) this.#fault('QoS 2 twice', receiver, topic, n);
    } else if (newest > n && (entry.sends === 1 || receiver.saw(member, entry))) {
      // The first copy of what was sent twice may have gone to another member of a group, or have
      // been routed before the subscription was there.
      this.#note(entry, `after ${newest}`);
      this.#fault('out of order', receiver, topic, n);
    }
  }

  /** Messages that must come and have not. */
  missing(report: boolean): number {
    let missing = 0;
    for (const receiver of this.receivers) {
      for (const [topic, entries] of this.topics) {
        if (!receiver.filter(topic)) continue;
        for (const entry of entries) {
          const owes = receiver.owes(entry);
          const count = receiver.count(topic, entry.n);
          if (owes === 1 && count === 0) {
            if (!entry.isVolatile) missing += 1;
            if (!report) continue;
            if (entry.isVolatile) this.lostVolatile += 1;
            else this.#fault(lost, receiver, topic, entry.n);
          } else if (owes === -1 && count > 0 && report) {
            this.#fault('came without a subscription', receiver, topic, entry.n);
          }
        }
      }
    }
    return missing;
  }

  /** Forgets all messages: those that come from now on are of topics with other names. */
  clear(): void {
    this.topics.clear();
    for (const receiver of this.receivers) receiver.clear();
  }

  #note({ events }: Entry, text: string): void {
    events.push(`${text} in cycle ${this.faults.cycle} (event ${this.#event})`);
  }

  #fault(kind: string, { name, intervals }: Receiver, topic: string, n: number): void {
    const { qos, events } = this.topics.get(topic)![n - 1];
    const when = intervals.map(({ since, until }) => `${since}-${until || ''}`).join(', ');
    const head = `${topic} ${n}, QoS ${qos}, for ${name} (subscribed at events ${when})`;
    this.faults.add(kind, [head, ...events].join('\n      '));
  }
}

/** The fault that must never be. */
export const lost = 'acknowledged and lost';
