/**
 * Shows what goes over connections, packet by packet, to whoever asked, while they do. Without
 * anybody, a connection has no tap, and all it costs is to see that.
 */
import { topicMatchesFilter } from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import { ConnectionTap } from './connection-tap.ts';

/** Which packets are shown: those of which all that is given holds. */
export interface TraceFilter {
  readonly clientId?: string | undefined;
  readonly username?: string | undefined;
  /** The client's, without port. */
  readonly address?: string | undefined;
  /** A topic filter without `$share`: only PUBLISH packets whose topics match. */
  readonly topic?: string | undefined;
}

/** Who a packet came from or went to, and its topic if it is a PUBLISH. */
export interface TracedSubject {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly address: string;
  readonly topic: string | undefined;
}

export interface TracedPacket {
  readonly clientId: string;
  readonly address: string;
  readonly direction: 'received' | 'sent';
  /** Its `type` and fields; secrets hidden, payloads cut. */
  readonly packet: Readonly<Record<string, unknown>>;
}

interface Trace {
  readonly filter: TraceFilter;
  readonly onPacket: (packet: TracedPacket) => void;
}

export class Tracer {
  readonly #connections: ReadonlySet<Connection>;
  readonly #traces: Set<Trace>;

  constructor(connections: ReadonlySet<Connection>) {
    this.#connections = connections;
    this.#traces = new Set();
  }

  /** Traces under way. */
  get size(): number {
    return this.#traces.size;
  }

  /** @returns a function that ends it */
  start(filter: TraceFilter, onPacket: (packet: TracedPacket) => void): () => void {
    const trace: Trace = { filter, onPacket };
    if (this.#traces.size === 0) for (const one of this.#connections) this.#tap(one);
    this.#traces.add(trace);
    return () => {
      if (!this.#traces.delete(trace) || this.#traces.size > 0) return;
      for (const connection of this.#connections) connection.setTap(null);
    };
  }

  /** A connection is new. */
  accepted(connection: Connection): void {
    if (this.#traces.size > 0) this.#tap(connection);
  }

  #tap(connection: Connection): void {
    connection.setTap(
      new ConnectionTap(connection, (subject, describe) => this.#show(subject, describe)),
    );
  }

  #show(subject: TracedSubject, describe: () => TracedPacket): void {
    let packet: TracedPacket | null = null;
    for (const { filter, onPacket } of this.#traces) {
      if (!matches(filter, subject)) continue;
      packet ??= describe();
      onPacket(packet);
    }
  }
}

function matches(filter: TraceFilter, subject: TracedSubject): boolean {
  const { clientId, username, address, topic } = filter;
  return (
    (clientId === undefined || clientId === subject.clientId) &&
    (username === undefined || username === subject.username) &&
    (address === undefined || address === subject.address) &&
    (topic === undefined ||
      (subject.topic !== undefined && topicMatchesFilter(subject.topic, topic)))
  );
}
