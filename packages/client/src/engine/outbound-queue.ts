/** Messages that wait their turn, in order. One that is taken out early leaves a gap for a while. */
import type { Publication } from './publication.ts';

type Waiting = 'waiting' | 'queued';

/** Below this many, gaps are not worth the work. */
const gapsMin = 64;

export class OutboundQueue {
  readonly #state: Waiting;
  #messages: Publication[];
  #head: number;
  #size: number;
  /** Messages of QoS 0 among them. */
  #qos0: number;

  /** @param state the state of the messages that are in here, and only of those */
  constructor(state: Waiting) {
    this.#state = state;
    this.#messages = [];
    this.#head = 0;
    this.#size = 0;
    this.#qos0 = 0;
  }

  get size(): number {
    return this.#size;
  }

  get hasQoS0(): boolean {
    return this.#qos0 > 0;
  }

  push(publication: Publication): void {
    this.#count(publication, 1);
    publication.state = this.#state;
    this.#messages.push(publication);
  }

  /** Puts messages before all others, in their order. */
  prepend(publications: readonly Publication[]): void {
    this.#messages = [...publications, ...this.all()];
    this.#head = 0;
    for (const publication of publications) {
      this.#count(publication, 1);
      publication.state = this.#state;
    }
  }

  /** What goes first. */
  peek(): Publication | undefined {
    while (this.#head < this.#messages.length) {
      const publication = this.#messages[this.#head];
      if (publication.state === this.#state) return publication;
      this.#head += 1;
    }
    return undefined;
  }

  /** Takes a message out, wherever it stands; the first one costs no gap. */
  remove(publication: Publication): void {
    this.#count(publication, -1);
    publication.state = 'new';
    if (this.#messages[this.#head] === publication) this.#head += 1;
    if (this.#size === 0) {
      this.#messages.length = 0;
      this.#head = 0;
      return;
    }
    const gaps = this.#messages.length - this.#size;
    if (gaps >= gapsMin && gaps > this.#size) {
      this.#messages = this.all();
      this.#head = 0;
    }
  }

  /** All messages, in order. */
  all(): Publication[] {
    return this.#messages.slice(this.#head).filter(({ state }) => state === this.#state);
  }

  #count({ packet }: Publication, sign: 1 | -1): void {
    this.#size += sign;
    if (packet.qos === 0) this.#qos0 += sign;
  }
}
