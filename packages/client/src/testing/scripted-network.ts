/**
 * Servers that a client under test comes to again and again: each connection meets a scripted
 * server of its own, and the test says which of them are there.
 */
import type { TestContext } from 'node:test';
import {
  type ConnackPacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
} from '@godwit/protocol';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import { memoryPair } from '@godwit/transport';
import type { Client } from '../client.ts';
import { createClient, type ServerUrls } from '../connect.ts';
import type { ClientOptions, Transport } from '../options.ts';
import { type Script, ScriptedServer } from './scripted-server.ts';

/** No jitter, so that the times of a test are round. */
export const steady = { minMs: 1_000, maxMs: 8_000, jitter: 'none', resetAfterMs: 10_000 } as const;

export class ScriptedNetwork {
  readonly clock: VirtualClock = new VirtualClock();
  readonly version: ProtocolVersion;
  /** The servers of all connections, in order. */
  readonly servers: ScriptedServer[] = [];
  /** The URLs of all attempts, in order. */
  readonly dialled: string[] = [];
  /** Hosts that cannot be reached. */
  readonly missing: Set<string> = new Set();
  /** What the server of the next connection does. */
  script: Script = () => undefined;

  constructor(version: ProtocolVersion = 5) {
    this.version = version;
  }

  get last(): ScriptedServer {
    return this.servers[this.servers.length - 1];
  }

  readonly transport: Transport = async url => {
    this.dialled.push(url.href);
    if (this.missing.has(url.hostname)) throw new Error('nobody listens');
    const [near, far] = memoryPair(this.clock.defer);
    this.servers.push(new ScriptedServer(far, this.version, this.script));
    return near;
  };

  /** A client that ends with the test. */
  client(t: TestContext, options: ClientOptions = {}, urls: ServerUrls = 'memory://a'): Client {
    const client = createClient(urls, {
      reconnect: steady,
      ...options,
      transport: this.transport,
      clock: this.clock,
      random: new SeededRandom(1),
    });
    t.after(async () => {
      const closed = client.close({ signal: AbortSignal.abort() });
      await this.clock.settle();
      await closed;
    });
    return client;
  }

  /** Breaks the connection that stands. */
  async drop(): Promise<void> {
    this.last.destroy();
    await this.clock.settle();
  }
}

export function connack(fields: Partial<ConnackPacket> = {}): ConnackPacket {
  return { type: PacketType.connack, sessionPresent: false, reasonCode: 0, ...fields };
}

/** Answers CONNECT with this, and nothing else. */
export function answering(fields: Partial<ConnackPacket> = {}): Script {
  return packet => (packet.type === PacketType.connect ? [connack(fields)] : []);
}

/** Answers CONNECT with this, and all else as a server that accepts everything. */
export function welcoming(fields: Partial<ConnackPacket> = {}): Script {
  return (packet: Packet) => (packet.type === PacketType.connect ? [connack(fields)] : undefined);
}
