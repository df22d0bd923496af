/** A client that receives: knows each message again, and checks that none comes twice or late. */
import type { PublishView } from '@godwit/protocol';
import { Arrival, SequenceCheck } from '../measure/sequence-check.ts';
import {
  hasHeader,
  readMark,
  readPublisher,
  readSequence,
  readTimeUs,
} from '../wire/payload-header.ts';
import type { Ledger } from './ledger.ts';
import type { Link, LinkOwner } from './link.ts';
import type { Publisher } from './publisher.ts';

/** Publishers that one receiver follows; messages of others are only counted. */
const checksMax = 100_000;
const two32 = 2 ** 32;

/** Sequences by run and publisher. Members of a shared subscription have one in common. */
export type SequenceChecks = Map<number, SequenceCheck>;

/** Whose messages to expect. */
export interface Expected {
  /** Of this run; null: of any, and also messages that carry no header. */
  readonly mark: number | null;
  /** By number; empty when they are in other processes. */
  readonly publishers: readonly Publisher[];
  /** Each gets only a part, so that their order says nothing. */
  readonly isShared: boolean;
}

export class Subscriber implements LinkOwner {
  readonly isSender = false;
  readonly checks: SequenceChecks;
  readonly #link: Link;
  readonly #ledger: Ledger;
  readonly #expected: Expected;
  /** The check of the publisher whose message came last. */
  #check: SequenceCheck | null;
  #key: number;

  constructor(link: Link, ledger: Ledger, expected: Expected, checks: SequenceChecks) {
    this.checks = checks;
    this.#link = link;
    this.#ledger = ledger;
    this.#expected = expected;
    this.#check = null;
    this.#key = -1;
    link.owner = this;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  onPublish(view: PublishView, nowUs: number): void {
    const { bytes, payloadStart: at, payloadEnd } = view;
    const ledger = this.#ledger;
    const { mark, publishers, isShared } = this.#expected;
    const found = hasHeader(bytes, at, payloadEnd) ? readMark(bytes, at) : -1;
    if (found === -1 || (mark !== null && found !== mark)) {
      ledger.foreign += 1;
      if (mark !== null) return;
    }
    ledger.received += 1;
    ledger.receivedBytes += payloadEnd - at;
    if (found === -1) return;
    ledger.interval.record(nowUs - readTimeUs(bytes, at));
    const publisher = readPublisher(bytes, at);
    const sequence = readSequence(bytes, at);
    const key = mark === null ? (found & 0xffff) * two32 + publisher : publisher;
    if (key !== this.#key) this.#follow(key, mark === null ? sequence : 0);
    const arrival = this.#check === null ? Arrival.inOrder : this.#check.accept(sequence);
    if (arrival === Arrival.duplicate) {
      ledger.duplicates += 1;
      return;
    }
    if (arrival === Arrival.late && !isShared) ledger.reordered += 1;
    ledger.unique += 1;
    if (publisher < publishers.length) publishers[publisher].deliver();
  }

  onAcknowledged(): void {}

  onPong(): void {}

  onFlush(): void {}

  onClosed(): void {
    this.#ledger.closed += 1;
  }

  #follow(key: number, first: number): void {
    let check = this.checks.get(key) ?? null;
    if (check === null && this.checks.size < checksMax) {
      check = new SequenceCheck(first);
      this.checks.set(key, check);
    }
    this.#check = check;
    this.#key = key;
  }
}
