/**
 * A client that publishes. Closed loop: at most a window of messages that have not come through,
 * at QoS 0 too, so that no broker is made to drop any. Open loop: each message has its time, given
 * before the run, and carries that time even when it leaves later.
 */
import type { QoS } from '@godwit/protocol';
import { timeHighOf } from '../wire/payload-header.ts';
import type { PublishBlock } from '../wire/publish-block.ts';
import type { Ledger } from './ledger.ts';
import type { Link, LinkOwner } from './link.ts';
import type { Tick } from './tick.ts';

/** How fast a publisher may go. */
export interface PublisherPace {
  readonly qos: QoS;
  /** Closed loop: messages under way at most. Open loop: Infinity. */
  readonly window: number;
  /** Messages of QoS 1 and 2 that are not acknowledged, at most. */
  readonly inflightMax: number;
  /** Deliveries that each message leads to; 0: nobody that we know of receives. */
  readonly fan: number;
  /** Open loop: microseconds between two messages. */
  readonly intervalUs: number;
}

/** Without receivers, QoS 0: so many pings tell at a time how far the server has read. */
const pingsMax = 2;
const two16 = 0x1_0000;

export class Publisher implements LinkOwner {
  readonly isSender = true;
  /** Messages written. */
  sent: number;
  /** Deliveries of its messages, counting those that were given up. */
  delivered: number;
  readonly #link: Link;
  readonly #block: PublishBlock;
  readonly #pace: PublisherPace;
  readonly #tick: Tick;
  readonly #ledger: Ledger;
  #inflight: number;
  #packetId: number;
  /** When each unacknowledged message left, by packet id; only where nobody receives. */
  readonly #leftUs: Float64Array;
  /** Messages that had been sent when each ping under way was. */
  readonly #pings: number[];
  #ponged: number;
  /** Open loop: when message 0 is due. */
  #startUs: number;
  #isRunning: boolean;
  /** The block's memory is the stream's until it has been written. */
  #isLent: boolean;
  #isWriting: boolean;
  /** `delivered` at which enough credit is there to go on. */
  #wakeAt: number;
  /** What had come through when {@link giveUp} looked last. */
  #seenProgress: number;
  readonly #onWritten: () => void;

  constructor(link: Link, block: PublishBlock, pace: PublisherPace, tick: Tick, ledger: Ledger) {
    this.sent = 0;
    this.delivered = 0;
    this.#link = link;
    this.#block = block;
    this.#pace = pace;
    this.#tick = tick;
    this.#ledger = ledger;
    this.#inflight = 0;
    this.#packetId = 0;
    const isTimed = pace.fan === 0 && pace.qos > 0;
    this.#leftUs = new Float64Array(isTimed ? powerOfTwo(pace.inflightMax) : 0);
    this.#pings = [];
    this.#ponged = 0;
    this.#startUs = 0;
    this.#isRunning = false;
    this.#isLent = false;
    this.#isWriting = false;
    this.#wakeAt = Infinity;
    this.#seenProgress = 0;
    this.#onWritten = () => this.#written();
    link.owner = this;
  }

  get isOpen(): boolean {
    return this.#link.isOpen;
  }

  /** Deliveries that each message leads to. */
  get fan(): number {
    return this.#pace.fan;
  }

  /** Messages that have not come through, as far as one can know. */
  get outstanding(): number {
    const { qos, fan } = this.#pace;
    if (fan > 0) return this.sent - Math.floor(this.delivered / fan);
    return qos === 0 ? this.sent - this.#ponged : this.#inflight;
  }

  /** @param startUs when the first message is due */
  start(startUs: number): void {
    this.#startUs = startUs;
    this.#isRunning = true;
    this.#link.touch();
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Open loop: sends what is due. */
  touch(): void {
    this.#link.touch();
  }

  /** One of its messages reached a receiver for the first time. */
  deliver(): void {
    // some that were given up may still come
    if (this.delivered < this.sent * this.#pace.fan) this.delivered += 1;
    if (this.delivered >= this.#wakeAt) this.#link.touch();
  }

  /**
   * Closed loop: when nothing has come through since the last call although everything was sent,
   * what is under way counts as lost, and the publisher goes on.
   *
   * @returns messages given up
   */
  giveUp(): number {
    const { fan, window } = this.#pace;
    const progress = this.delivered + this.#ponged;
    const isStuck = progress === this.#seenProgress && this.outstanding * 2 > window;
    this.#seenProgress = progress;
    if (!isStuck || fan === 0 || !this.#isRunning || this.#isLent) return 0;
    const given = this.outstanding;
    this.delivered = this.sent * fan;
    this.#link.touch();
    return given;
  }

  onFlush(): void {
    if (!this.#isRunning || this.#isLent) return;
    const nowUs = this.#tick.nowUs();
    let count = this.#credit(nowUs);
    while (count > 0 && !this.#isLent) {
      const burst = Math.min(count, this.#block.burst);
      this.#send(burst, nowUs);
      count -= burst;
    }
    const { fan, window, intervalUs } = this.#pace;
    if (this.#isPinging) this.#pingBehind();
    else if (intervalUs === 0) this.#wakeAt = (this.sent - Math.floor(window / 2)) * fan;
  }

  onPublish(): void {}

  onAcknowledged(packetId: number, reasonCode: number, nowUs: number): void {
    this.#inflight -= 1;
    this.#ledger.acknowledged += 1;
    if (reasonCode >= 0x80) this.#ledger.refused += 1;
    const { length } = this.#leftUs;
    if (length > 0) this.#ledger.interval.record(nowUs - this.#leftUs[packetId & (length - 1)]);
    this.#link.touch();
  }

  onPong(): void {
    // answers to keep-alive come among these: then credit comes a ping early, once
    this.#ponged = this.#pings.shift() ?? this.#ponged;
    this.#link.touch();
  }

  onClosed(): void {
    if (this.#isRunning) this.#ledger.closed += 1;
    this.#isRunning = false;
  }

  /** Nobody receives, and the server does not answer: pings show how far it has read. */
  get #isPinging(): boolean {
    const { fan, qos, intervalUs } = this.#pace;
    return fan === 0 && qos === 0 && intervalUs === 0;
  }

  #pingBehind(): void {
    const marked = this.#pings.at(-1) ?? this.#ponged;
    if (this.#pings.length >= pingsMax || marked === this.sent) return;
    this.#pings.push(this.sent);
    this.#link.ping();
    this.#link.touch();
  }

  /** Messages that may be sent now. */
  #credit(nowUs: number): number {
    const { qos, window, inflightMax, intervalUs } = this.#pace;
    const room = qos === 0 ? Infinity : inflightMax - this.#inflight;
    if (intervalUs > 0) {
      const due = Math.floor((nowUs - this.#startUs) / intervalUs) + 1 - this.sent;
      return Math.min(due, room);
    }
    const credit = Math.min(window - this.outstanding, room);
    const half = Math.min(window, qos === 0 ? window : inflightMax) / 2;
    // half a window at a time costs fewer system calls than one message at a time
    if (credit < half) return 0;
    // and leaves the server something to do while the other half is on its way back
    return this.#isPinging ? Math.min(credit, Math.ceil(half)) : credit;
  }

  #send(count: number, nowUs: number): void {
    const { qos, intervalUs } = this.#pace;
    const { topics } = this.#block;
    const first = this.sent % topics;
    for (let i = 0; i < count; i += 1) {
      const sequence = this.sent + i;
      const timeUs = intervalUs > 0 ? Math.round(this.#startUs + sequence * intervalUs) : nowUs;
      this.#block.patch(first + i, sequence, timeHighOf(timeUs), timeUs >>> 0);
      if (qos !== 0) this.#identify(first + i, timeUs);
    }
    this.sent += count;
    this.#ledger.sent += count;
    if (qos !== 0) this.#inflight += count;
    this.#isLent = true;
    this.#isWriting = true;
    this.#link.write(this.#block.range(first, count), this.#onWritten);
    this.#isWriting = false;
  }

  /** Identifiers go round: with so few in flight the one that comes next has long been free. */
  #identify(index: number, timeUs: number): void {
    this.#packetId = (this.#packetId + 1) % two16 || 1;
    this.#block.patchPacketId(index, this.#packetId);
    const { length } = this.#leftUs;
    if (length > 0) this.#leftUs[this.#packetId & (length - 1)] = timeUs;
  }

  #written(): void {
    this.#isLent = false;
    if (!this.#isWriting && this.#isRunning) this.#link.touch();
  }
}

function powerOfTwo(min: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, min)));
}
