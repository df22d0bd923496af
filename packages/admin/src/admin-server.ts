/** The admin listener: opens it, and ends it with all that it runs. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { AdminSystem } from './admin-system.ts';
import { Access, type AdminToken } from './http/access.ts';
import { adminApp } from './http/admin-app.ts';
import { EventStreams } from './http/events.ts';
import { ProcessWatch } from './metrics/process-watch.ts';

const connectionsMax = 256;
const requestTimeoutMs = 10_000;

export interface AdminOptions {
  readonly system: AdminSystem;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Without any, everybody who gets here may do everything: only for a loopback address. */
  readonly tokens: readonly AdminToken[];
  /** Of one token, or of one address. */
  readonly requestsPerSecondMax: number;
}

export class AdminServer {
  /** As `http://127.0.0.1:9090`. */
  readonly url: string;
  readonly #server: Server;
  readonly #events: EventStreams;
  readonly #watch: ProcessWatch;

  /** Rejects with the system's error when it cannot listen. */
  static async listen(options: AdminOptions): Promise<AdminServer> {
    const { system, host, port, tokens, requestsPerSecondMax } = options;
    const access = new Access(tokens, requestsPerSecondMax, system.clock);
    const events = new EventStreams(system);
    const watch = new ProcessWatch(system.clock);
    const app = adminApp({ system, access, events, process: watch });
    const server = createAdaptorServer({
      fetch: app.fetch,
      overrideGlobalObjects: false,
    }) as Server;
    server.maxConnections = connectionsMax;
    server.requestTimeout = requestTimeoutMs;
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (error) {
      watch.close();
      throw error;
    }
    // Out of file descriptors, for instance: unheard, it would end the process.
    server.on('error', error =>
      system.audit('cannot accept a connection', { error: error.message }),
    );
    return new AdminServer(server, events, watch);
  }

  private constructor(server: Server, events: EventStreams, watch: ProcessWatch) {
    const { family, address, port } = server.address() as AddressInfo;
    this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    this.#server = server;
    this.#events = events;
    this.#watch = watch;
  }

  /** Ends streams and connections; resolves when the address is free. */
  async close(): Promise<void> {
    this.#events.close();
    this.#watch.close();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
