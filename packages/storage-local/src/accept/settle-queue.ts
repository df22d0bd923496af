/** Those who wait until their marks are durable, and the entries offered before. */

interface Waiting {
  /** The last position offered before. */
  readonly position: number;
  readonly done: () => void;
}

export class SettleQueue {
  #waiting: Waiting[] = [];
  #taken = 0;

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether the batch under way is to be synced for it. */
  get taken(): boolean {
    return this.#taken > 0;
  }

  add(position: number, done: () => void): void {
    this.#waiting.push({ position, done });
  }

  /** Whether one of them waits for no more than the next batch, entries up to `accepted` given. */
  ready(accepted: number): boolean {
    return this.#waiting.length > 0 && this.#waiting[0].position <= accepted;
  }

  /** The marks of all who wait now are in the batch under way. */
  take(): void {
    this.#taken = this.#waiting.length;
  }

  /** The batch under way is without its marks. */
  putBack(): void {
    this.#taken = 0;
  }

  /** Gives those who need wait no longer, in order. */
  settled(accepted: number): (() => void)[] {
    let count = 0;
    while (count < this.#taken && this.#waiting[count].position <= accepted) count += 1;
    this.#taken = 0;
    return this.#waiting.splice(0, count).map(({ done }) => done);
  }
}
