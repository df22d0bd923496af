/** A client's hold on its session's store, from the start of the client to its end. */
import type { Clock } from '@godwit/runtime';
import type { OpenStore, SessionStore } from './engine/journal.ts';
import type { WhenStored } from './engine/outbox.ts';
import type { MqttError } from './errors.ts';

export class StoreHold {
  /** Undefined when the store could not be opened. */
  readonly opened: Promise<OpenStore | undefined>;
  /** For connections, which come after the store was opened. */
  readonly whenStored: WhenStored;
  /** The stored session is an earlier process's, which no server has confirmed yet. */
  isResumed: boolean;
  #open: OpenStore | undefined;

  /** @param onFailure called at most once: it cannot be opened, or no longer written */
  constructor(store: SessionStore, clock: Clock, onFailure: (error: MqttError) => void) {
    this.isResumed = false;
    this.#open = undefined;
    this.whenStored = call => this.#open!.journal.whenStored(call);
    this.opened = store.open(clock, onFailure).then(
      open => {
        this.#open = open;
        this.isResumed = open.session.clientId !== undefined;
        return open;
      },
      error => {
        onFailure(error);
        return undefined;
      },
    );
  }

  /** A server has accepted the session under this name. */
  accepted(clientId: string): void {
    this.isResumed = false;
    this.#open!.journal.name(clientId);
  }

  /** Lets the store go, once it is open. @returns what could not be stored any more */
  async close(): Promise<MqttError | undefined> {
    const open = await this.opened;
    try {
      await open?.journal.close();
      return undefined;
    } catch (error) {
      return error as MqttError;
    }
  }
}
