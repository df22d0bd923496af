/**
 * The messages of one client in the order in which it is to get them, and their numbers: those that
 * it knows by a packet identifier get numbers that stand for the same identifiers here.
 */
import type { MosquittoQueued } from './mosquitto-db.ts';

export interface Delivery {
  readonly number: number;
  readonly message: bigint;
  readonly queued: MosquittoQueued;
}

const packetIds = 65_535;
/** What a session can have in flight. */
const flightMax = 4096;

interface Sent {
  readonly packetId: number;
  /** Null when the client has it, and waits for PUBREL. */
  readonly queued: MosquittoQueued | null;
}

export class Flight {
  /** In the order of their numbers, once these are given. */
  deliveries: readonly Delivery[];
  /** The ids of {@link deliveries} grow with their numbers. */
  isInOrder: boolean;
  readonly #sent: Map<number, Sent>;
  readonly #waiting: MosquittoQueued[];

  constructor() {
    this.deliveries = [];
    this.isInOrder = true;
    this.#sent = new Map();
    this.#waiting = [];
  }

  /** Whether one more can be in flight with this packet identifier. Anything may wait. */
  admits(packetId: number, isSent: boolean): boolean {
    if (!isSent) return true;
    return packetId !== 0 && this.#sent.size < flightMax && !this.#sent.has(packetId);
  }

  addReceived(packetId: number): void {
    this.#sent.set(packetId, { packetId, queued: null });
  }

  addSent(queued: MosquittoQueued): void {
    this.#sent.set(queued.packetId, { packetId: queued.packetId, queued });
  }

  addWaiting(queued: MosquittoQueued): void {
    this.#waiting.push(queued);
  }

  /** Gives everything its number. */
  number(): { readonly sentUpTo: number; readonly received: readonly number[] } {
    let sent = numbered([...this.#sent.values()]);
    const [first] = sent;
    // Identifiers in no order at all: then only they matter.
    if (sent.length > 0 && sent.at(-1)!.number - first.number >= packetIds) {
      sent = numbered([...this.#sent.values()].sort((a, b) => a.packetId - b.packetId));
    }
    const sentUpTo = sent.at(-1)?.number ?? 0;
    const waiting = this.#waiting.map((queued, at) => ({ number: sentUpTo + 1 + at, queued }));
    this.deliveries = [...sent, ...waiting].flatMap(({ number, queued }) =>
      queued === null ? [] : [{ number, message: queued.message, queued }],
    );
    this.isInOrder = this.deliveries.every(
      ({ message }, at) => at === 0 || message > this.deliveries[at - 1].message,
    );
    const received = sent.filter(({ queued }) => queued === null).map(({ number }) => number);
    return { sentUpTo, received };
  }
}

/** Growing numbers that stand for the packet identifiers. */
function numbered(sent: readonly Sent[]): { number: number; queued: MosquittoQueued | null }[] {
  let last = 0;
  return sent.map(({ packetId, queued }) => {
    const round = Math.floor(last / packetIds) * packetIds;
    last = round + packetId > last ? round + packetId : round + packetId + packetIds;
    return { number: last, queued };
  });
}
