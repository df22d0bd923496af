/**
 * What waits for the accept log, oldest first: entries, and acknowledgements behind the entry that
 * they wait for. Plain arrays in a ring: a row each, no objects.
 */
import type { Connection } from '../connection/connection.ts';

const capacityMin = 64;

export class PendingAnswers {
  length: number;
  #ats: Float64Array;
  /** Null for an entry. */
  #connections: (Connection | null)[];
  #packetIds: Uint16Array;
  #types: Uint8Array;
  #reasonCodes: Uint8Array;
  #mask: number;
  #head: number;

  constructor() {
    this.length = 0;
    this.#ats = new Float64Array(capacityMin);
    this.#connections = new Array<Connection | null>(capacityMin).fill(null);
    this.#packetIds = new Uint16Array(capacityMin);
    this.#types = new Uint8Array(capacityMin);
    this.#reasonCodes = new Uint8Array(capacityMin);
    this.#mask = capacityMin - 1;
    this.#head = 0;
  }

  /** Position of the oldest row. */
  get at(): number {
    return this.#ats[this.#head];
  }

  get connection(): Connection | null {
    return this.#connections[this.#head];
  }

  get packetId(): number {
    return this.#packetIds[this.#head];
  }

  get type(): number {
    return this.#types[this.#head];
  }

  get reasonCode(): number {
    return this.#reasonCodes[this.#head];
  }

  push(
    at: number,
    connection: Connection | null,
    packetId: number,
    type: number,
    reasonCode: number,
  ): void {
    if (this.length > this.#mask) this.#grow();
    const row = (this.#head + this.length) & this.#mask;
    this.#ats[row] = at;
    this.#connections[row] = connection;
    this.#packetIds[row] = packetId;
    this.#types[row] = type;
    this.#reasonCodes[row] = reasonCode;
    this.length += 1;
  }

  shift(): void {
    this.#connections[this.#head] = null;
    this.#head = (this.#head + 1) & this.#mask;
    this.length -= 1;
  }

  #grow(): void {
    const capacity = 2 * (this.#mask + 1);
    const ats = new Float64Array(capacity);
    const connections = new Array<Connection | null>(capacity).fill(null);
    const packetIds = new Uint16Array(capacity);
    const types = new Uint8Array(capacity);
    const reasonCodes = new Uint8Array(capacity);
    for (let i = 0; i < this.length; i += 1) {
      const row = (this.#head + i) & this.#mask;
      ats[i] = this.#ats[row];
      connections[i] = this.#connections[row];
      packetIds[i] = this.#packetIds[row];
      types[i] = this.#types[row];
      reasonCodes[i] = this.#reasonCodes[row];
    }
    this.#ats = ats;
    this.#connections = connections;
    this.#packetIds = packetIds;
    this.#types = types;
    this.#reasonCodes = reasonCodes;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}
