/**
 * Acknowledgements owed to the server, of one QoS: given in any order, sent in the order in which
 * the messages came [MQTT-4.6.0-2] [MQTT-4.6.0-3].
 */

/** The acknowledgement of one message, answered once by each subscription that it went to. */
export class Receipt {
  readonly packetId: number;
  /** The highest that was answered. */
  reasonCode: number;
  #awaited: number;
  readonly #owner: { release(): void };

  /** @param owner hears when all have answered */
  constructor(packetId: number, owner: { release(): void }) {
    this.packetId = packetId;
    this.reasonCode = 0;
    this.#awaited = 1;
    this.#owner = owner;
  }

  get isAnswered(): boolean {
    return this.#awaited === 0;
  }

  /** One more has to answer. */
  share(): this {
    this.#awaited += 1;
    return this;
  }

  answer(reasonCode: number): void {
    this.#awaited -= 1;
    if (reasonCode > this.reasonCode) this.reasonCode = reasonCode;
    if (this.#awaited === 0) this.#owner.release();
  }
}

/** The receipts that await their answer. */
export class Receipts {
  #waiting: Receipt[];
  #head: number;
  /** Those of earlier connections, by packet identifier, until the server sends them again. */
  readonly #carried: Map<number, Receipt>;
  readonly #send: (receipt: Receipt) => void;

  constructor(send: (receipt: Receipt) => void) {
    this.#waiting = [];
    this.#head = 0;
    this.#carried = new Map();
    this.#send = send;
  }

  get size(): number {
    return this.#waiting.length - this.#head + this.#carried.size;
  }

  open(packetId: number): Receipt {
    const receipt = new Receipt(packetId, this);
    this.#waiting.push(receipt);
    return receipt;
  }

  /** Whether the message came on an earlier connection, and its answer has not been sent. */
  isCarried(packetId: number): boolean {
    return this.#carried.has(packetId);
  }

  /** The server has sent that message again: its answer takes its place in the new order. */
  resume(packetId: number): void {
    const receipt = this.#carried.get(packetId);
    if (receipt === undefined) return;
    this.#carried.delete(packetId);
    this.#waiting.push(receipt);
    this.release();
  }

  /** The identifier stands for another message now. */
  forget(packetId: number): void {
    this.#carried.delete(packetId);
  }

  /** Sends from the front what has been answered. */
  release(): void {
    while (this.#head < this.#waiting.length && this.#waiting[this.#head].isAnswered) {
      const receipt = this.#waiting[this.#head];
      this.#head += 1;
      this.#send(receipt);
    }
    if (this.#head === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The connection is gone: what is answered from now on is sent when the message comes again. */
  detach(): void {
    for (const receipt of this.#waiting.slice(this.#head)) {
      this.#carried.set(receipt.packetId, receipt);
    }
    this.#waiting = [];
    this.#head = 0;
  }

  /** The session is gone: no answer is owed any more. */
  clear(): void {
    this.#carried.clear();
  }
}
