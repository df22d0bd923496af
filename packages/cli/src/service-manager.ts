/**
 * Tells systemd how the service is (sd_notify) and, where it wants to hear so, that it is alive.
 * Node has no datagram sockets of Unix, so each word is one run of systemd's own `systemd-notify`.
 * Where nobody started us that wants to hear, nothing happens.
 */
import { execFile } from 'node:child_process';
import type { Clock, Timer } from '@godwit/runtime';

/** Passes on assignments as `READY=1`; rejects when it cannot. */
export type Notify = (assignments: readonly string[]) => Promise<void>;

/** The part of the environment that counts here. */
export interface ServiceEnvironment {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
}

/** One run of `systemd-notify` that takes longer than this has failed. */
const notifyTimeoutMs = 10_000;
/** The longest that a timer can wait. */
const intervalMsMax = 2_147_483_647;

export class ServiceManager {
  readonly #isListening: boolean;
  /** Between two signs of life; 0: nobody asks for them. */
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #onError: (error: Error) => void;
  readonly #notify: Notify;
  /** One word after the other, for each is a process of its own. */
  #saying: Promise<void>;
  #timer: Timer | null;

  /** @param onError hears of each word that did not get through */
  constructor(
    { NOTIFY_SOCKET, WATCHDOG_USEC }: ServiceEnvironment,
    clock: Clock,
    onError: (error: Error) => void,
    notify: Notify = systemdNotify,
  ) {
    this.#isListening = NOTIFY_SOCKET !== undefined && NOTIFY_SOCKET !== '';
    const watchdogMs = Number(WATCHDOG_USEC ?? 0) / 1000;
    this.#intervalMs = watchdogMs >= 1 ? Math.min(watchdogMs / 2, intervalMsMax) : 0;
    this.#clock = clock;
    this.#onError = onError;
    this.#notify = notify;
    this.#saying = Promise.resolve();
    this.#timer = null;
  }

  /** Clients are served; from here on we give signs of life. */
  ready(status: string): void {
    this.#say('READY=1', `STATUS=${status}`);
    if (this.#isListening && this.#intervalMs > 0) this.#wait();
  }

  /** The configuration is read again, until `done` is settled. */
  async reloading(done: Promise<void>): Promise<void> {
    this.#say('RELOADING=1');
    try {
      await done;
    } finally {
      this.#say('READY=1');
    }
  }

  /** The end has begun. Signs of life go on: it may take its time. */
  stopping(): void {
    this.#say('STOPPING=1');
  }

  /** No more signs of life. Resolves when all has been said. */
  close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    return this.#saying;
  }

  #say(...assignments: readonly string[]): void {
    if (!this.#isListening) return;
    this.#saying = this.#saying.then(() => this.#notify(assignments)).catch(this.#onError);
  }

  /** The next sign waits for the last one, so that they never pile up. */
  #wait(): void {
    const timer = this.#clock.after(this.#intervalMs, () => {
      this.#say('WATCHDOG=1');
      void this.#saying.then(() => {
        if (this.#timer === timer) this.#wait();
      });
    });
    this.#timer = timer;
  }
}

function systemdNotify(assignments: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  execFile('systemd-notify', assignments, { timeout: notifyTimeoutMs }, error => {
    if (error === null) resolve();
    else reject(error);
  });
  return promise;
}
