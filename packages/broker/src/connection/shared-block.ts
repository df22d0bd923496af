/** Bytes that are written to several connections and never changed; its memory counts once. */
import type { OutboundBudget } from './outbound-budget.ts';

export class SharedBlock {
  readonly bytes: Uint8Array;
  /** Outboxes that hold it. */
  #holders: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#holders = 0;
  }

  hold(budget: OutboundBudget): void {
    if (this.#holders === 0) budget.add(this.bytes.length);
    this.#holders += 1;
  }

  release(budget: OutboundBudget): void {
    this.#holders -= 1;
    if (this.#holders === 0) budget.remove(this.bytes.length);
  }
}
