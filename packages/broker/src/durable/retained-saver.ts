/**
 * Keeps the engine's table of retained messages what the broker's is: a message is in the accept
 * log first, and its entry stays until the table has it. Without room the table is brought up to
 * date when there is some again.
 */
import type { AcceptLog, Table } from '@godwit/storage';
import type { Message } from '../routing/message.ts';
import type { Retained } from '../routing/retained.ts';
import { EntryView, EntryWriter } from './entry-format.ts';
import { readUint48, writeUint48 } from './numbers.ts';

/** Number of the broker's own mark; sessions have those above. */
export const brokerMark = 0;

export class RetainedSaver {
  readonly #log: AcceptLog;
  readonly #table: Table;
  readonly #retained: Retained;
  readonly #writer: EntryWriter;
  /** All retained messages up to this position of the log are in the table. */
  #savedUpTo: number;
  /** Topics that the table had no room for, with the entries that hold them. */
  readonly #unsaved: Map<string, number[]>;

  constructor(log: AcceptLog, table: Table, retained: Retained) {
    this.#log = log;
    this.#table = table;
    this.#retained = retained;
    this.#writer = new EntryWriter();
    this.#savedUpTo = 0;
    this.#unsaved = new Map();
  }

  /** Saves the retained message of the entry at a position, then lets go of the entry. */
  save(message: Message, at: number): void {
    const { topic } = message;
    const waiting = this.#unsaved.get(topic);
    if (waiting !== undefined) {
      waiting.push(at);
      return;
    }
    this.#put(topic, message).then(
      () => this.#saved(at),
      () => this.#leave(topic, [at]),
    );
  }

  /** There is room again: saves what the topics have by now. */
  retry(): void {
    for (const [topic, ats] of this.#unsaved) {
      this.#unsaved.delete(topic);
      this.#put(topic, this.#retained.get(topic) ?? null).then(
        () => {
          for (const at of ats) this.#saved(at);
        },
        () => this.#leave(topic, ats),
      );
    }
  }

  /** Writes the broker's mark. @returns its length */
  writeMark(into: Uint8Array): number {
    return writeUint48(into, 0, this.#savedUpTo);
  }

  /** Takes over the table, and from the log what did not get into it. */
  async restore(mark: Uint8Array | null, found: readonly number[]): Promise<void> {
    this.#savedUpTo = mark === null ? 0 : readUint48(mark, 0);
    for await (const { bytes } of this.#table.load()) this.#retained.put(messageOf(bytes));
    for (const at of [...found].sort((a, b) => a - b)) {
      if (at <= this.#savedUpTo) {
        this.#log.release(at);
        continue;
      }
      const message = messageOf(await this.#log.read(at));
      this.#retained.put(message);
      this.save(message, at);
    }
  }

  #put(topic: string, message: Message | null): Promise<void> {
    if (message === null || message.payloadSize === 0) return this.#table.put(topic, null);
    const length = this.#writer.write(message, [], 0, true, 0, 0);
    return this.#table.put(topic, this.#writer.bytes.subarray(0, length));
  }

  #leave(topic: string, ats: readonly number[]): void {
    this.#unsaved.set(topic, [...(this.#unsaved.get(topic) ?? []), ...ats]);
  }

  #saved(at: number): void {
    if (this.#unsaved.size === 0) {
      this.#savedUpTo = Math.max(this.#savedUpTo, at);
      this.#log.touch(brokerMark);
    }
    this.#log.release(at);
  }
}

function messageOf(bytes: Uint8Array): Message {
  const view = new EntryView();
  view.read(bytes);
  view.readMessage();
  return view.message.copy();
}
