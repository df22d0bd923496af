/**
 * A running server: a broker and the listeners that bring it clients. It does what its
 * configuration says; the process, its signals and its exit are the caller's.
 */
import { Broker } from '@godwit/broker';
import type { ByteStream } from '@godwit/transport';
import type { Config, ListenerConfig } from './config/config.ts';
import { Log, type LogStream } from './log/log.ts';
import { isLoopback } from './loopback.ts';
import { type OpenListener, openListener } from './open-listener.ts';
import { serverHooks } from './server-hooks.ts';

/** A listener could not be opened. */
export class ListenError extends Error {
  constructor({ type, path, host, port }: ListenerConfig, cause: NodeJS.ErrnoException) {
    const where = type === 'unix' ? path : `${host}, port ${port}`;
    super(`cannot listen on ${where}: ${whyNot(cause)}`, { cause });
    this.name = 'ListenError';
  }
}

export class Server {
  readonly broker: Broker;
  readonly log: Log;
  readonly #listeners: OpenListener[];

  /**
   * Opens every listener. What is logged is kept until the caller opens the log as well.
   *
   * @param stream takes the log
   * @throws ListenError when one cannot be opened; those that could are closed again
   */
  static async start(config: Config, stream: LogStream): Promise<Server> {
    const server = new Server(config, stream);
    try {
      for (const listener of config.listeners) await server.#listen(listener);
    } catch (error) {
      await server.close();
      throw error;
    }
    if (config.auth.allowAnonymous === 'loopback') server.#warnOfClosedListeners(config);
    return server;
  }

  private constructor(config: Config, stream: LogStream) {
    this.log = new Log(config.log, stream);
    this.broker = new Broker({
      limits: config.limits,
      features: config.features,
      ...config.delivery,
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
    this.log.info('stopped');
  }

  async #listen(config: ListenerConfig): Promise<void> {
    const onStream = (stream: ByteStream): void => this.broker.accept(stream);
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
