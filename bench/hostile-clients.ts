/** Clients that speak MQTT and mean harm: each is begun once and goes on until it is stopped. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const host = '127.0.0.1';
const trickleMs = 1_000;
const feedMs = 10;
const bulkBytes = 16_384;
/** Packets written at once by whoever writes as fast as it can. */
const batch = 500;

/** Connections of an attack, and whether it is over. */
export class Attackers {
  readonly sockets: Socket[] = [];
  #isStopped = false;

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
    for (const socket of this.sockets) socket.destroy();
  }

  async open(port: number): Promise<Socket> {
    const socket = connect(port, host).on('error', () => {});
    await once(socket, 'connect');
    this.sockets.push(socket);
    return socket;
  }

  /** Opens connections, a hundred at a time. */
  async openMany(port: number, count: number): Promise<Socket[]> {
    const opened: Socket[] = [];
    while (opened.length < count) {
      const missing = Math.min(100, count - opened.length);
      const some = Array.from({ length: missing }, () => this.open(port));
      opened.push(...(await Promise.all(some)));
    }
    return opened;
  }

  /** A client of MQTT 5.0 that has its CONNACK. */
  async client(port: number, name: string): Promise<Socket> {
    const socket = await this.open(port);
    socket.write(packet(0x10, [...text('MQTT'), 5, 2, 0, 0, 0, ...text(name)]));
    await once(socket, 'data');
    return socket;
  }

  async subscriber(port: number, name: string, filter: string): Promise<Socket> {
    const socket = await this.client(port, name);
    socket.write(subscribe([filter]));
    await once(socket, 'data');
    return socket.pause();
  }

  /** Calls `act` until the attack is over. */
  every(ms: number, act: () => void): void {
    const timer = setInterval(() => {
      if (this.#isStopped) clearInterval(timer);
      else act();
    }, ms);
  }

  /** Writes what `next` makes as fast as the server takes it, and connects again when cut. */
  async flood(port: number, name: string, next: () => Uint8Array): Promise<void> {
    const socket = await this.client(port, name);
    const more = (error?: Error | null): void => {
      if (!this.#isStopped && socket.writable && !error) socket.write(next(), more);
    };
    socket.resume().on('end', () => socket.destroy());
    socket.on('close', () => {
      if (!this.#isStopped) this.flood(port, name, next).catch(() => {});
    });
    more();
  }

  /** Reads a byte a second. */
  trickle(socket: Socket): void {
    this.every(trickleMs, () => socket.read(1));
  }
}

/** Begins an attack on the listener at `port`. */
export type Begin = (attackers: Attackers, port: number) => Promise<void>;

/** So many subscribers that do not read; each gets its share of 100 × `rate` messages a second. */
export function frozen(count: number, rate: number): Begin {
  return async (attackers, port) => {
    for (let at = 0; at < count; at += 1) await attackers.subscriber(port, `f${at}`, `bulk/${at}`);
    await feed(attackers, port, count, rate);
  };
}

export const trickling: Begin = async (attackers, port) => {
  attackers.trickle(await attackers.subscriber(port, 'trickle', 'bulk/0'));
  await feed(attackers, port, 1, 1);
};

export const flooding: Begin = (attackers, port) => {
  const payload = Buffer.alloc(64);
  const block = repeated(() => publish('flood', payload));
  return attackers.flood(port, 'flood', () => block);
};

/** Deep, wide and with wildcards, and never the same. */
export const subscribing: Begin = (attackers, port) => {
  let count = 0;
  const filters = (): string[] =>
    Array.from({ length: 100 }, () => {
      count += 1;
      const wide = [`+/${count}/#`, `${count}/+/+/+/+/+/+/+`, `${'+/'.repeat(20)}${count}`];
      return wide[count % wide.length];
    });
  return attackers.flood(port, 'subscribe', () => subscribe(filters()));
};

export const retaining: Begin = (attackers, port) => {
  let count = 0;
  const payload = Buffer.alloc(1024);
  const next = (): Buffer => {
    count += 1;
    return publish(`kept/${count}`, payload, { retain: true });
  };
  return attackers.flood(port, 'retain', () => repeated(next));
};

export const deepTopics: Begin = (attackers, port) => {
  let count = 0;
  const next = (): Buffer => {
    count += 1;
    return publish(`${'/'.repeat(60_000)}${count}`, Buffer.alloc(1));
  };
  return attackers.flood(port, 'levels', () => Buffer.concat([next(), next()]));
};

/** A new topic for an alias each time, so that none is ever of use. */
export const aliases: Begin = (attackers, port) => {
  let count = 0;
  const next = (): Buffer => {
    count += 1;
    return publish(`alias/${count}`, Buffer.alloc(8), { properties: [0x23, 0, 1 + (count % 32)] });
  };
  return attackers.flood(port, 'alias', () => repeated(next));
};

export const properties: Begin = (attackers, port) => {
  const pair = [0x26, ...text('a'), ...text('b')];
  const many = Array.from({ length: 2_000 }, () => pair).flat();
  const one = publish('properties', Buffer.alloc(8), { properties: many });
  return attackers.flood(port, 'properties', () => one);
};

/** Publishes 16 KiB to each topic in turn, `rate` times in 10 ms. */
async function feed(
  attackers: Attackers,
  port: number,
  topics: number,
  rate: number,
): Promise<void> {
  const feeder = await attackers.client(port, 'feed');
  const payload = Buffer.alloc(bulkBytes);
  let count = 0;
  attackers.every(feedMs, () => {
    for (let at = 0; at < rate; at += 1) {
      count += 1;
      feeder.write(publish(`bulk/${count % topics}`, payload));
    }
  });
}

function repeated(next: () => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: batch }, next));
}

function publish(
  topic: string,
  payload: Buffer,
  { retain = false, properties = [] }: { retain?: boolean; properties?: readonly number[] } = {},
): Buffer {
  const head = Buffer.from([...text(topic), ...length(properties.length), ...properties]);
  return packet(retain ? 0x31 : 0x30, head, payload);
}

function subscribe(filters: readonly string[]): Buffer {
  return packet(0x82, [0, 1, 0, ...filters.flatMap(filter => [...text(filter), 0])]);
}

/** A packet: its first byte, its length, its parts. */
export function packet(type: number, head: readonly number[] | Buffer, payload?: Buffer): Buffer {
  const size = head.length + (payload?.length ?? 0);
  const parts = [Buffer.from([type, ...length(size)]), Buffer.from(head)];
  return Buffer.concat(payload === undefined ? parts : [...parts, payload]);
}

export function text(value: string): readonly number[] {
  return [value.length >> 8, value.length & 0xff, ...Buffer.from(value)];
}

function length(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...length(value >>> 7)];
}
