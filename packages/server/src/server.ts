/**
 * A running server: a broker and the listeners that bring it clients. It does what its
 * configuration says; the process, its signals and its exit are the caller's.
 */
import { Broker } from '@godwit/broker';
import { type Clock, systemClock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import type { Config, ListenerConfig, StorageConfig } from './config/config.ts';
import { FileWatch } from './file-watch.ts';
import { Log, type LogStream } from './log/log.ts';
import { isLoopback } from './loopback.ts';
import { type OpenListener, openListener } from './open-listener.ts';
import type { OpenStorage } from './open-storage.ts';
import { serverHooks } from './server-hooks.ts';

/** A listener could not be opened. */
export class ListenError extends Error {
  constructor({ type, path, host, port }: ListenerConfig, cause: NodeJS.ErrnoException) {
    const where = type === 'unix' ? path : `${host}, port ${port}`;
    super(`cannot listen on ${where}: ${whyNot(cause)}`, { cause });
    this.name = 'ListenError';
  }
}

/** The data directory cannot be used. */
export class StorageError extends Error {
  constructor(dataDir: string, cause: Error) {
    super(`cannot use the data directory ${dataDir}: ${cause.message}`, { cause });
    this.name = 'StorageError';
  }
}

export class Server {
  readonly broker: Broker;
  readonly log: Log;
  /** Resolves with what broke when the data directory failed: the server serves nobody any more. */
  readonly failed: Promise<Error>;
  readonly #storage: OpenStorage | null;
  /** How often certificates were read again since the start. */
  readonly metrics: { certificateReloads: number; certificateReloadsFailed: number };
  readonly #clock: Clock;
  readonly #listeners: OpenListener[];
  readonly #watches: FileWatch[];

  /**
   * Takes over what the data directory holds, if there is one, and opens every listener. What is
   * logged is kept until the caller opens the log as well.
   *
   * @param stream takes the log
   * @param clock for noticing that files have changed
   * @throws StorageError when the data directory cannot be used
   * @throws ListenError when one cannot be opened; those that could are closed again
   */
  static async start(
    config: Config,
    stream: LogStream,
    clock: Clock = systemClock,
  ): Promise<Server> {
    const server = new Server(config, stream, clock, await storageOf(config.storage));
    try {
      await server.#recover(config.storage);
      for (const listener of config.listeners) await server.#listen(listener);
    } catch (error) {
      await server.close();
      throw error;
    }
    if (config.auth.allowAnonymous === 'loopback') server.#warnOfClosedListeners(config);
    return server;
  }

  private constructor(
    config: Config,
    stream: LogStream,
    clock: Clock,
    storage: OpenStorage | null,
  ) {
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.failed = promise;
    this.log = new Log(config.log, stream);
    this.#storage = storage;
    this.broker = new Broker({
      limits: config.limits,
      features: config.features,
      ...config.delivery,
      ...(storage !== null && { engine: storage.engine }),
      ack: config.storage.ack,
      ackRules: config.storage.ackRules,
      onFailure: error => {
        this.log.error('the data directory failed; nothing is acknowledged any more', {
          error: error.message,
        });
        resolve(error);
      },
      hooks: serverHooks(config.auth, this.log),
    });
    this.metrics = { certificateReloads: 0, certificateReloadsFailed: 0 };
    this.#clock = clock;
    this.#listeners = [];
    this.#watches = [];
  }

  /** Where clients connect: `mqtt://127.0.0.1:1883`, `wss://…/mqtt`, `unix:///run/a.sock`. */
  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  /** Whether there is anything to {@link reload}. */
  get hasCertificates(): boolean {
    return this.#listeners.some(({ reload }) => reload !== null);
  }

  /**
   * Reads the certificates of all listeners again, for handshakes from now on; who is connected
   * stays so. A listener whose files cannot be used keeps what it has. Logs how it went.
   */
  async reload(): Promise<void> {
    for (const listener of this.#listeners) await this.#reload(listener);
  }

  /**
   * Accepts nobody new, tells the clients and waits until they have been told, at most
   * `limits.closeGraceMs`.
   */
  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
    const listening = this.#listeners.map(listener => listener.close());
    await this.broker.close();
    await Promise.all(listening);
    this.#storage?.close();
    this.log.info('stopped');
  }

  async #recover({ dataDir }: StorageConfig): Promise<void> {
    if (dataDir === undefined) return;
    try {
      await this.broker.start();
    } catch (error) {
      throw new StorageError(dataDir, error as Error);
    }
    const { sessions, retainedMessages } = this.broker.metrics;
    this.log.info('data directory opened', { dataDir, sessions, retainedMessages });
  }

  async #listen(config: ListenerConfig): Promise<void> {
    const { ack } = config;
    const onStream = (stream: ByteStream): void => this.broker.accept(stream, { ack });
    const listener = await openListener(config, this.log, onStream).catch(cause => {
      throw new ListenError(config, cause);
    });
    this.#listeners.push(listener);
    this.log.debug('listening', { url: listener.url });
    if (listener.files.length > 0) this.#watch(listener);
  }

  #watch(listener: OpenListener): void {
    try {
      const onChange = (): void => void this.#reload(listener);
      this.#watches.push(new FileWatch(listener.files, this.#clock, onChange));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.log.warn('changed certificates will not be noticed', { error: message });
    }
  }

  async #reload({ url, reload }: OpenListener): Promise<void> {
    if (reload === null) return;
    try {
      await reload();
      this.metrics.certificateReloads += 1;
      this.log.info('certificates were read again', { url });
    } catch (error) {
      this.metrics.certificateReloadsFailed += 1;
      const message = error instanceof Error ? error.message : String(error);
      this.log.error('certificates stay as they were', { url, error: message });
    }
  }

  #warnOfClosedListeners({ listeners }: Config): void {
    for (const { type, host, port } of listeners) {
      if (type === 'unix' || isLoopback(host)) continue;
      this.log.warn('clients of other machines are refused; see auth.allowAnonymous', {
        host,
        port,
      });
    }
  }
}

/** What reads files is loaded by those who have some. */
async function storageOf(config: StorageConfig): Promise<OpenStorage | null> {
  const { dataDir } = config;
  if (dataDir === undefined) return null;
  const { openStorage } = await import('./open-storage.ts');
  try {
    return await openStorage(dataDir, config);
  } catch (error) {
    throw new StorageError(dataDir, error as Error);
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there';
    case 'EACCES':
      return 'not allowed; ports below 1024 are often kept for root';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host';
    default:
      return message;
  }
}
