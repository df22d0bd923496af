/**
 * A running server: a broker and the listeners that bring it clients. It does what its
 * configuration says; the process, its signals and its exit are the caller's.
 */
import type { AdminServer, AdminSystem } from '@godwit/admin';
import { Broker, fixedLimits } from '@godwit/broker';
import { type Clock, systemClock } from '@godwit/runtime';
import type { AdminConfig, Config, ListenerConfig, StorageConfig } from './config/config.ts';
import { configDiff } from './config/config-diff.ts';
import { isLiveKey } from './config/live-keys.ts';
import { FileWatch } from './file-watch.ts';
import { Log, type LogStream } from './log/log.ts';
import { isLoopback } from './loopback.ts';
import { Observers } from './observers.ts';
import { type OpenListener, openListener } from './open-listener.ts';
import type { OpenStorage } from './open-storage.ts';
import type { Security } from './security.ts';
import { logObserver, serverHooks } from './server-hooks.ts';
import { SysTopics } from './sys-topics.ts';
import { version } from './version.ts';

/** What a listener is opened at. */
type Listening = Pick<Partial<ListenerConfig>, 'type' | 'path' | 'host' | 'port' | 'fd'>;

/** A listener could not be opened. */
export class ListenError extends Error {
  constructor(listener: Listening, cause: NodeJS.ErrnoException) {
    super(`cannot listen on ${whereOf(listener)}: ${whyNot(cause)}`, { cause });
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
  /** Who hears what clients do. */
  readonly observers: Observers;
  /** How often certificates were read again since the start. */
  readonly metrics: { certificateReloads: number; certificateReloadsFailed: number };
  #config: Config;
  /** One {@link apply} after the other. */
  #applying: Promise<void>;
  #isClosing: boolean;
  #listeners: (OpenListener & {
    readonly config: ListenerConfig;
    readonly watch: FileWatch | null;
  })[];
  readonly #storage: OpenStorage | null;
  readonly #sys: SysTopics;
  /** Null where none is configured. */
  #admin: AdminServer | null;
  /** Null while what clients do is not logged. */
  #stopLogging: (() => void) | null;
  readonly #clock: Clock;
  /** Null where there are neither authenticators nor rules. */
  readonly #security: Security | null;
  /** Of users and rules. */
  #securityWatch: FileWatch | null;
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
      if (config.admin.port !== undefined) await server.#administrate(config.admin);
      await server.#recover(config.storage);
      server.#sys.start(config.sys.intervalSeconds);
      for (const listener of config.listeners) await server.#listen(listener);
    } catch (error) {
      await server.close();
      throw error;
    }
    server.#securityWatch = server.#watch(security?.files ?? [], () => server.#reloadSecurity());
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
    this.#config = config;
    this.#applying = Promise.resolve();
    this.#isClosing = false;
    const hooks = serverHooks(config.auth, security, log);
    this.observers = new Observers(hooks);
    this.#stopLogging = null;
    this.#observe();
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
      hooks,
    });
    for (const ban of config.bans) this.broker.ban(ban);
    this.metrics = { certificateReloads: 0, certificateReloadsFailed: 0 };
    this.#clock = clock;
    this.#listeners = [];
    this.#security = security;
    this.#securityWatch = null;
    this.#reloading = Promise.resolve();
    this.#admin = null;
    this.#sys = new SysTopics(this.broker, clock);
  }

  /** Where clients connect: `mqtt://127.0.0.1:1883`, `wss://…/mqtt`, `unix:///run/a.sock`. */
  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  /** Where metrics, health and the API are: `http://127.0.0.1:9090`; undefined for nowhere. */
  get adminUrl(): string | undefined {
    return this.#admin?.url;
  }

  /** What it runs on. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Takes over what of another configuration it can: bounds, the log's level, listeners that are
   * new or gone (who is connected stays so), where clients go when it stops, and certificates. Logs how it went.
   *
   * @returns the keys that are different and need a restart, as `storage.dataDir`
   */
  apply(config: Config): Promise<readonly string[]> {
    const applied = this.#applying.then(() => this.#apply(config));
    this.#applying = applied.then(
      () => {},
      () => {},
    );
    return applied;
  }

  async #apply(config: Config): Promise<readonly string[]> {
    if (this.#isClosing) return [];
    const changes = configDiff(this.#config, config).map(({ path }) => path);
    const ignored = changes.filter(path => !isLiveKey(path));
    const kept = Object.fromEntries(fixedLimits.map(name => [name, this.#config.limits[name]]));
    const limits = { ...config.limits, ...kept };
    const log = { ...this.#config.log, level: config.log.level };
    const { listeners, sys, shutdown } = config;
    this.#config = { ...this.#config, limits, log, listeners, sys, shutdown };
    this.broker.setLimits(limits);
    await this.log.setLevel(log.level);
    this.#observe();
    this.#sys.start(sys.intervalSeconds);
    await this.#relisten(listeners);
    await this.reload();
    const changed = changes.filter(path => isLiveKey(path));
    this.log.info('configuration was read again', { changed });
    if (ignored.length > 0) this.log.warn('these changes need a restart', { keys: ignored });
    return ignored;
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
   * Accepts nobody new, tells the clients, and where else they may go (`shutdown`), and waits until
   * they have been told, at most `limits.closeGraceMs`.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    // Else a listener that is being opened would stay open.
    await this.#applying;
    this.#securityWatch?.close();
    for (const { watch } of this.#listeners) watch?.close();
    this.#sys.stop();
    const listening = this.#listeners.map(listener => listener.close());
    await this.broker.close(this.#config.shutdown);
    await Promise.all(listening);
    await this.#admin?.close();
    this.#storage?.close();
    this.log.info('stopped');
  }

  /** Before anything else that takes a while, so that it can be seen how far it is. */
  async #administrate(config: AdminConfig): Promise<void> {
    const { openAdmin } = await import('./open-admin.ts');
    const system: AdminSystem = {
      broker: this.broker,
      clock: systemClock,
      version: version(),
      urls: () => this.urls,
      engineStats: () => this.#storage?.stats ?? null,
      observe: observer => this.observers.add(observer),
      audit: (message, fields) => this.log.info(message, fields),
      config: async () => {
        const { shownConfig } = await import('./config/shown-config.ts');
        return shownConfig(this.#config);
      },
    };
    this.#admin = await openAdmin(config, system).catch(cause => {
      throw new ListenError(config, cause);
    });
    this.log.info('admin listener', { url: this.#admin.url });
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
    const watch = this.#watch(listener.files, () => this.#reloadCertificates(listener));
    this.#listeners.push({ ...listener, config, watch });
    this.log.debug('listening', { url: listener.url });
  }

  /** Has `reload` read some files again when they change. */
  #watch(files: readonly string[], reload: () => Promise<void>): FileWatch | null {
    if (files.length === 0) return null;
    try {
      return new FileWatch(files, this.#clock, () => void this.#next(reload));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.log.warn('changed files will not be noticed', {
        files: files.join(', '),
        error: message,
      });
      return null;
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

  /** Closes listeners that are not wanted any more, then opens those that are new. */
  async #relisten(wanted: readonly ListenerConfig[]): Promise<void> {
    const missing = [...wanted];
    const gone = this.#listeners.filter(({ config }) => {
      const at = missing.findIndex(other => JSON.stringify(other) === JSON.stringify(config));
      if (at >= 0) missing.splice(at, 1);
      return at < 0;
    });
    this.#listeners = this.#listeners.filter(listener => !gone.includes(listener));
    for (const { url, close, watch } of gone) {
      watch?.close();
      await close();
      this.log.info('listener closed', { url });
    }
    for (const config of missing) {
      try {
        await this.#listen(config);
        this.log.info('listener opened', { url: this.#listeners.at(-1)?.url });
      } catch (error) {
        this.log.error('listener not opened', { error: (error as Error).message });
      }
    }
  }

  /** Has the log hear what clients do, if it is to say so. */
  #observe(): void {
    if (this.log.has('debug')) this.#stopLogging ??= this.observers.add(logObserver(this.log));
    else {
      this.#stopLogging?.();
      this.#stopLogging = null;
    }
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

function whereOf({ type, path, host, port, fd }: Listening): string | undefined {
  if (type === 'unix') return path;
  return fd === undefined ? `${host}, port ${port}` : `file descriptor ${fd}`;
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
