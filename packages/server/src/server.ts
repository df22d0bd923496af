/**
 * A running server: a broker and the listeners that bring it clients. It does what its
 * configuration says; the process, its signals and its exit are the caller's.
 */
import { Broker } from '@godwit/broker';
import type { ByteStream } from '@godwit/transport';
import type { Config, ListenerConfig, StorageConfig } from './config/config.ts';
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
  readonly #listeners: OpenListener[];
  readonly #storage: OpenStorage | null;

  /**
   * Takes over what the data directory holds, if there is one, and opens every listener. What is
   * logged is kept until the caller opens the log as well.
   *
   * @param stream takes the log
   * @throws StorageError when the data directory cannot be used
   * @throws ListenError when one cannot be opened; those that could are closed again
   */
  static async start(config: Config, stream: LogStream): Promise<Server> {
    const server = new Server(config, stream, await storageOf(config.storage));
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

  private constructor(config: Config, stream: LogStream, storage: OpenStorage | null) {
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
    this.#listeners = [];
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
    for (const { url, reload } of this.#listeners) {
      if (reload === null) continue;
      try {
        await reload();
        this.log.info('certificates were read again', { url });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        this.log.error('certificates stay as they were', { url, error: message });
      }
    }
  }

  /**
   * Accepts nobody new, tells the clients and waits until they have been told, at most
   * `limits.closeGraceMs`.
   */
  async close(): Promise<void> {
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
