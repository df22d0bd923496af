/**
 * A running server: a broker and the listeners that bring it clients. It does what its
 * configuration says; the process, its signals and its exit are the caller's.
 */
import { Broker } from '@godwit/broker';
import { type Clock, systemClock } from '@godwit/runtime';
import type { Config, ListenerConfig, StorageConfig } from './config/config.ts';
import { FileWatch } from './file-watch.ts';
import { Log, type LogStream } from './log/log.ts';
import { isLoopback } from './loopback.ts';
import { type OpenListener, openListener } from './open-listener.ts';
import type { OpenStorage } from './open-storage.ts';
import type { Security } from './security.ts';
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
  /** Null where there are neither authenticators nor rules. */
  readonly #security: Security | null;
  readonly #watches: FileWatch[];
  /** One after the other. */
  #reloading: Promise<void>;

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
    const log = new Log(config.log, stream);
    const security = await securityOf(config);
    const server = new Server(config, log, clock, security, await storageOf(config.storage));
    try {
      await server.#recover(config.storage);
      for (const listener of config.listeners) await server.#listen(listener);
    } catch (error) {
      await server.close();
      throw error;
    }
    server.#watch(security?.files ?? [], () => server.#reloadSecurity());
    const { authenticators, auth } = config;
    if (authenticators.length === 0 && auth.allowAnonymous !== 'always') {
      server.#warnOfClosedListeners(config);
    }
    return server;
  }

  private constructor(
    config: Config,
    log: Log,
    clock: Clock,
    security: Security | null,
    storage: OpenStorage | null,
  ) {
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.failed = promise;
    this.log = log;
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
      hooks: serverHooks(config.auth, security, log),
    });
    for (const ban of config.bans) this.broker.ban(ban);
    this.metrics = { certificateReloads: 0, certificateReloadsFailed: 0 };
    this.#clock = clock;
    this.#listeners = [];
    this.#security = security;
    this.#watches = [];
    this.#reloading = Promise.resolve();
  }

  /** Where clients connect: `mqtt://127.0.0.1:1883`, `wss://…/mqtt`, `unix:///run/a.sock`. */
  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  /** Whether there is anything to {@link reload}. */
  get isReloadable(): boolean {
    return this.#security !== null || this.#listeners.some(({ reload }) => reload !== null);
  }

  /**
   * Reads again the certificates of all listeners, for handshakes from now on, and users and rules,
   * which end what is not allowed any more. A file that cannot be used changes nothing. Logs how it
   * went.
   */
  reload(): Promise<void> {
    return this.#next(async () => {
      for (const listener of this.#listeners) await this.#reloadCertificates(listener);
      await this.#reloadSecurity();
    });
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
    const { ack, connectionsMax, connectsPerSecond } = config;
    const onStream = this.broker.entrance({ ack, connectionsMax, connectsPerSecond });
    const listener = await openListener(config, this.log, onStream).catch(cause => {
      throw new ListenError(config, cause);
    });
    this.#listeners.push(listener);
    this.log.debug('listening', { url: listener.url });
    this.#watch(listener.files, () => this.#reloadCertificates(listener));
  }

  /** Has `reload` read some files again when they change. */
  #watch(files: readonly string[], reload: () => Promise<void>): void {
    if (files.length === 0) return;
    try {
      const watch = new FileWatch(files, this.#clock, () => void this.#next(reload));
      this.#watches.push(watch);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.log.warn('changed files will not be noticed', {
        files: files.join(', '),
        error: message,
      });
    }
  }

  #next(reload: () => Promise<void>): Promise<void> {
    this.#reloading = this.#reloading.then(reload);
    return this.#reloading;
  }

  async #reloadCertificates({ url, reload }: OpenListener): Promise<void> {
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

  async #reloadSecurity(): Promise<void> {
    if (this.#security === null) return;
    for (const error of await this.#security.reload()) {
      this.log.error('users or rules stay as they were', { error });
    }
    const disconnected = await this.broker.reauthorize();
    this.log.info('users and rules were read again', { disconnected });
  }

  #warnOfClosedListeners({ listeners }: Config): void {
    for (const { type, host, port } of listeners) {
      if (type === 'unix' || isLoopback(host)) continue;
      this.log.warn('clients of other machines are refused; see [[authenticators]]', {
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

/** What decides about clients is loaded by those that have it configured. */
async function securityOf(config: Config): Promise<Security | null> {
  const { authenticators, acl } = config;
  const hasRules = acl.file !== undefined || acl.mosquittoFile !== undefined;
  if (authenticators.length === 0 && !hasRules) return null;
  const { Security } = await import('./security.ts');
  return Security.open(config);
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
