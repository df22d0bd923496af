/** Processor time of the load, and of the server where its process is known, over a run. */
import { ownCpuUs, type ProcessUsage, processUsage } from './process-usage.ts';

/** What was used, per time and per message. */
export interface Usage {
  /** Processors that the load kept busy; near 1, the load itself may be what limits. */
  readonly loadCores: number;
  readonly server?: {
    readonly cores: number;
    /** Microseconds of processor time for each message, or connection. */
    readonly usEach: number;
    readonly rssBytes: number;
  };
}

/** Starts measuring when made. */
export class UsageMeter {
  readonly #pid: number | undefined;
  readonly #ownUs: number;
  readonly #server: ProcessUsage | undefined;

  /** @throws Error when there is no such process */
  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#ownUs = ownCpuUs();
    this.#server = pid === undefined ? undefined : processUsage(pid);
  }

  /** @param count of messages, or connections, since the beginning */
  read(seconds: number, count: number): Usage {
    const loadCores = (ownCpuUs() - this.#ownUs) / 1e6 / seconds;
    if (this.#pid === undefined || this.#server === undefined) return { loadCores };
    const { cpuUs, rssBytes } = processUsage(this.#pid);
    const usedUs = cpuUs - this.#server.cpuUs;
    return {
      loadCores,
      server: {
        cores: usedUs / 1e6 / seconds,
        usEach: count === 0 ? 0 : usedUs / count,
        rssBytes,
      },
    };
  }
}
