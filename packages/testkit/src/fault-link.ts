/**
 * One connection through a bad network: two lanes that carry bytes from one stream to another in
 * other pieces and later than they came, and that can be frozen or cut.
 */
import type { Clock } from '@godwit/runtime';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import type { SeededRandom } from './seeded-random.ts';

/** What goes wrong, and how often; all off by default. */
export interface Faults {
  /** Probability, at each step, that only a part of what is there goes on. */
  readonly splitChance?: number;
  /** Each step takes from 0 to this many milliseconds; what comes meanwhile is joined to it. */
  readonly delayMsMax?: number;
  /** Probability, at each step, that the connection breaks. */
  readonly cutChance?: number;
}

/** A way through a link, by where it leads. */
export type Direction = 'toListener' | 'toCaller';

/** What the lanes of a link share. */
export interface LinkContext {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: Required<Faults>;
}

/** A lane stops reading when it holds this much, so that a slow reader slows the writer down. */
const heldBytesMax = 64 * 1024;

/** A connection that goes through a {@link FaultNetwork}. */
export class FaultLink {
  readonly #lanes: Readonly<Record<Direction, Lane>>;
  readonly #ends: readonly ByteStream[];

  /**
   * @param caller the link's end towards the one who connected
   * @param listener the link's end towards the one who listens
   * @param onClosed called once, when both ends are closed
   */
  constructor(
    context: LinkContext,
    caller: ByteStream,
    listener: ByteStream,
    onClosed: (link: FaultLink) => void,
  ) {
    const cut = (): void => this.cut();
    let openEnds = 2;
    const closed = (error: Error | null, leaving: Lane): void => {
      openEnds -= 1;
      if (error !== null) this.cut();
      // An end that has been ended before does not tell of the other's end, only closes.
      else leaving.end();
      if (openEnds === 0) onClosed(this);
    };
    this.#ends = [caller, listener];
    this.#lanes = {
      toListener: new Lane(context, caller, listener, cut),
      toCaller: new Lane(context, listener, caller, cut),
    };
    caller.open(handlersOf(this.#lanes.toListener, this.#lanes.toCaller, closed));
    listener.open(handlersOf(this.#lanes.toCaller, this.#lanes.toListener, closed));
  }

  /** Breaks the connection: what is under way is lost, both ends close with `ECONNRESET`. */
  cut(): void {
    for (const end of this.#ends) end.destroy();
  }

  /** Stops one way, as a network does that loses every packet: no end sees an error. */
  freeze(direction: Direction): void {
    this.#lanes[direction].freeze();
  }

  /** Lets a frozen way go on; nothing has been lost. */
  thaw(direction: Direction): void {
    this.#lanes[direction].thaw();
  }
}

function handlersOf(
  leaving: Lane,
  arriving: Lane,
  onClose: (error: Error | null, leaving: Lane) => void,
): StreamHandlers {
  return {
    onData: chunk => leaving.take(chunk),
    onEnd: () => leaving.end(),
    onDrain: () => arriving.step(),
    onClose: error => onClose(error, leaving),
  };
}

/** One way: holds bytes, and hands on a random part of them after a random time, repeatedly. */
class Lane {
  readonly #context: LinkContext;
  readonly #from: ByteStream;
  readonly #to: ByteStream;
  readonly #cut: () => void;
  #held: Uint8Array = new Uint8Array(0);
  #ended = false;
  #frozen = false;
  #stepDue = false;

  constructor(context: LinkContext, from: ByteStream, to: ByteStream, cut: () => void) {
    this.#context = context;
    this.#from = from;
    this.#to = to;
    this.#cut = cut;
  }

  take(chunk: Uint8Array): void {
    const held = new Uint8Array(this.#held.length + chunk.length);
    held.set(this.#held);
    held.set(chunk, this.#held.length);
    this.#held = held;
    this.#pace();
    this.step();
  }

  end(): void {
    this.#ended = true;
    this.step();
  }

  freeze(): void {
    this.#frozen = true;
    this.#pace();
  }

  thaw(): void {
    this.#frozen = false;
    this.#pace();
    this.step();
  }

  /** Sees to it that what can go on will. */
  step(): void {
    if (this.#stepDue || this.#frozen || (this.#held.length === 0 && !this.#ended)) return;
    if (this.#to.bufferedBytes > heldBytesMax) return;
    this.#stepDue = true;
    const { clock, random, faults } = this.#context;
    const forward = (): void => {
      this.#stepDue = false;
      if (!this.#frozen) this.#forward();
    };
    if (faults.delayMsMax === 0) clock.defer(forward);
    else clock.after(random.int(0, faults.delayMsMax), forward);
  }

  #forward(): void {
    const { random, faults } = this.#context;
    if (random.chance(faults.cutChance)) {
      this.#cut();
      return;
    }
    if (this.#held.length > 0) {
      const bytes = random.chance(faults.splitChance) ? this.#part() : this.#held.length;
      this.#to.write(this.#held.subarray(0, bytes));
      this.#held = this.#held.subarray(bytes);
      this.#pace();
    }
    if (this.#held.length === 0 && this.#ended) this.#to.end();
    else this.step();
  }

  /** Half of the parts are tiny: most places where a parser can be interrupted are near. */
  #part(): number {
    const { random } = this.#context;
    const tiny = random.chance(0.5);
    return random.int(1, tiny ? Math.min(8, this.#held.length) : this.#held.length);
  }

  #pace(): void {
    if (this.#frozen || this.#held.length > heldBytesMax) this.#from.pause();
    else this.#from.resume();
  }
}
