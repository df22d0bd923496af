/** The way out of the client through every step of its middleware. */
import type { PublishResult } from '../engine/publication.ts';
import type { Middleware, OutboundMessage, PublishNext } from './middleware.ts';

export class PublishChain {
  readonly #first: PublishNext;
  #unsettled: number;
  #onSettled: (() => void) | undefined;

  /** @returns undefined when no step wants to see what is published */
  static of(use: readonly Middleware[], last: PublishNext): PublishChain | undefined {
    return use.some(step => step.publish) ? new PublishChain(use, last) : undefined;
  }

  /** @param last publishes */
  constructor(use: readonly Middleware[], last: PublishNext) {
    this.#unsettled = 0;
    this.#onSettled = undefined;
    this.#first = use.reduceRight<PublishNext>(
      (next, step) => (step.publish ? message => step.publish!(message, next) : next),
      last,
    );
  }

  async run(message: OutboundMessage): Promise<PublishResult> {
    this.#unsettled += 1;
    try {
      return await this.#first(message);
    } finally {
      this.#unsettled -= 1;
      if (this.#unsettled === 0) this.#onSettled?.();
    }
  }

  /** Calls `then` once all that came here is settled. */
  whenSettled(then: () => void): void {
    if (this.#unsettled === 0) then();
    else this.#onSettled = then;
  }
}
