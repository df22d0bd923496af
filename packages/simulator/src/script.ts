/**
 * What happens in a simulation: one random step after the other, drawn from the world's seed. Knows
 * how likely everything is, and nothing of what must come of it.
 */
import {
  type ConnectPacket,
  PacketType,
  type QoS,
  type SubscriptionRequest,
  type Will,
} from '@godwit/protocol';
import type { Client } from './world/client.ts';
import type { World } from './world/world.ts';

const topics = ['a', 'b', 'a/x', 'a/y', 'b/x'];
const filters = ['a', 'b', 'a/x', '#', 'a/#', '+/x', '+', 'b/#', '$share/g/a', '$share/g/#'];
const endless = 0xffffffff;

/** A step, and how likely it is beside the others. */
type Step = readonly [weight: number, run: () => void];

export class Script {
  readonly #world: World;
  readonly #steps: readonly Step[];
  readonly #weights: number;
  /** Names of messages. */
  #messages: number;
  #probes: number;

  constructor(world: World) {
    this.#world = world;
    this.#messages = 0;
    this.#probes = 0;
    this.#steps = [
      [10, () => this.#connect()],
      [40, () => this.#publish()],
      [14, () => this.#subscribe()],
      [3, () => this.#unsubscribe()],
      [3, () => this.#leave()],
      [3, () => this.#someone(client => client.cut())],
      [2, () => this.#someone(client => client.pause())],
      [4, () => this.#someone(client => client.resume())],
      [2, () => this.#network()],
      [3, () => this.#habits()],
      [2, () => this.#crash()],
      [1, () => this.#disk()],
    ];
    this.#weights = this.#steps.reduce((sum, [weight]) => sum + weight, 0);
  }

  /** Does something, then lets some time pass. */
  async step(): Promise<void> {
    const { random, clock, model } = this.#world;
    if (!this.#world.isRunning) {
      // The machine takes a while, now and then a long one.
      if (random.chance(0.3)) await clock.advance(random.pick([0, 100, 1000, 20_000]));
      this.#world.boot();
    }
    let at = random.int(0, this.#weights - 1);
    for (const [weight, run] of this.#steps) {
      at -= weight;
      if (at >= 0) continue;
      run();
      break;
    }
    await clock.advance(this.#pause());
    model.tick();
  }

  /** Ends all trouble, lets everything arrive, and looks at what is there then. */
  async finish(): Promise<void> {
    const world = this.#world;
    const { disk, clock, model, network } = world;
    world.trace.add('finish');
    disk.failingCall = Number.POSITIVE_INFINITY;
    disk.crashingCall = Number.POSITIVE_INFINITY;
    this.#room(true);
    for (const link of network.links) {
      link.thaw('toCaller');
      link.thaw('toListener');
    }
    for (let tries = 0; tries < 5 && !world.isReady; tries += 1) {
      if (!world.isRunning) world.boot();
      await clock.advance(5000);
    }
    if (!world.isReady) model.ledger.fail('the broker did not come up on a good disk');
    await clock.advance(3000);
    model.tick();
    for (const client of world.clients) {
      if (client.isBusy) client.behave();
      else this.#return(client);
    }
    await clock.advance(10_000);
    model.tick();
    for (const client of world.clients) client.behave();
    await clock.advance(10_000);
    model.finish();
    await this.#probe();
  }

  #pause(): number {
    const { random } = this.#world;
    if (random.chance(0.5)) return 0;
    return random.chance(0.9) ? random.int(0, 100) : random.pick([500, 2000, 5000, 12_000]);
  }

  #someone(act: (client: Client) => void): void {
    const open = this.#world.clients.filter(({ isOpen }) => isOpen);
    if (open.length === 0) return;
    const client = this.#world.random.pick(open);
    this.#world.trace.add(`someone: ${client.clientId}`);
    act(client);
  }

  #connect(): void {
    const { random, clients, network, trace } = this.#world;
    const away = clients.filter(({ isBusy }) => !isBusy);
    // Now and then one who is there already comes again.
    const client =
      away.length === 0 || random.chance(0.1) ? random.pick(clients) : random.pick(away);
    if (random.chance(0.1) || client.version === 5) client.version = random.pick([5, 5, 5, 4, 3]);
    const connect = this.#connectPacket(client);
    this.#setHabits(client);
    trace.add(`${client.clientId} > connect ${connect.cleanStart}`);
    client.connect(network.connect('broker'), connect);
  }

  #connectPacket({ clientId, version }: Client): ConnectPacket {
    const { random } = this.#world;
    const packet: ConnectPacket = {
      type: PacketType.connect,
      protocolVersion: version,
      cleanStart: random.chance(0.15),
      keepAlive: random.chance(0.1) ? 10 : 0,
      clientId,
      will: random.chance(0.3) ? this.#will(version) : undefined,
    };
    if (version === 5) {
      packet.properties = {
        sessionExpiryInterval: random.pick([undefined, 0, 5, 60, 1000, endless, endless, endless]),
        receiveMaximum: random.pick([undefined, 1, 2, 10]),
        maximumPacketSize: random.chance(0.1) ? 120 : undefined,
        topicAliasMaximum: random.pick([undefined, 2, 10]),
      };
    }
    return packet;
  }

  #will(version: number): Will {
    const { random } = this.#world;
    const willDelayInterval = random.pick([0, 0, 3, 30]);
    return {
      topic: random.pick(topics),
      payload: this.#payload(),
      qos: random.int(0, 2) as QoS,
      retain: false,
      properties: version === 5 ? { willDelayInterval } : undefined,
    };
  }

  #payload(): Uint8Array {
    const { random } = this.#world;
    this.#messages += 1;
    const size = random.chance(0.1) ? random.int(100, 2000) : random.int(0, 40);
    return new TextEncoder().encode(`m${this.#messages} ${'x'.repeat(size)}`);
  }

  #publish(): void {
    const { random, trace } = this.#world;
    this.#someone(client => {
      const count = random.chance(0.3) ? random.int(1, 8) : 1;
      for (let i = 0; i < count && client.quota > 0; i += 1) {
        const retain = random.chance(0.2);
        const isRemoval = retain && random.chance(0.3);
        const messageExpiryInterval = random.chance(0.2) ? random.pick([1, 4, 60]) : undefined;
        const packet = {
          topic: random.pick(topics),
          payload: isRemoval ? new Uint8Array(0) : this.#payload(),
          qos: random.pick([0, 1, 1, 2, 2] as const),
          retain,
          properties: client.version === 5 ? { messageExpiryInterval } : undefined,
        };
        const name = isRemoval ? 'removal' : `m${this.#messages}`;
        trace.add(`${client.clientId} > ${name} on ${packet.topic} q${packet.qos} r${retain}`);
        client.publish(packet);
      }
    });
  }

  #subscribe(): void {
    const { random, trace } = this.#world;
    this.#someone(client => {
      const wanted = random.shuffle(filters).slice(0, random.pick([1, 1, 2]));
      const subscriptions = wanted.map(filter => this.#request(filter, client.version));
      for (const filter of wanted) client.filters.add(filter);
      const identifier = random.chance(0.3) ? random.int(1, 300) : 0;
      const isNamed = client.version === 5 && identifier !== 0;
      const properties = isNamed ? { subscriptionIdentifiers: [identifier] } : undefined;
      trace.add(`${client.clientId} > subscribe ${wanted}`);
      client.request(packetId => ({
        type: PacketType.subscribe,
        packetId,
        subscriptions,
        properties,
      }));
    });
  }

  #request(filter: string, version: number): SubscriptionRequest {
    const { random } = this.#world;
    const isNew = version === 5;
    return {
      filter,
      qos: random.pick([0, 1, 2, 2] as const),
      // [MQTT-3.8.3-4]
      noLocal: isNew && !filter.startsWith('$share') && random.chance(0.1),
      retainAsPublished: isNew && random.chance(0.2),
      retainHandling: isNew ? random.pick([0, 0, 1, 2] as const) : 0,
    };
  }

  #unsubscribe(): void {
    const { random, trace } = this.#world;
    this.#someone(client => {
      if (client.filters.size === 0) return;
      const filter = random.pick([...client.filters]);
      client.filters.delete(filter);
      trace.add(`${client.clientId} > unsubscribe ${filter}`);
      client.request(packetId => ({ type: PacketType.unsubscribe, packetId, filters: [filter] }));
    });
  }

  #leave(): void {
    const { random } = this.#world;
    this.#someone(client => {
      const isWillWanted = client.version === 5 && random.chance(0.3);
      client.disconnect(isWillWanted ? 4 : 0, undefined);
    });
  }

  #network(): void {
    const { random, network } = this.#world;
    if (network.links.length === 0) return;
    const link = random.pick(network.links);
    const direction = random.pick(['toCaller', 'toListener'] as const);
    const act = random.int(0, 3);
    if (act === 0) link.cut();
    else if (act === 1) link.freeze(direction);
    else link.thaw(direction);
  }

  #habits(): void {
    this.#someone(client => this.#setHabits(client));
  }

  #setHabits({ habits }: Client): void {
    const { random } = this.#world;
    habits.ackDelayMsMax = random.pick([0, 0, 20, 500]);
    habits.neverChance = random.pick([0, 0, 0, 0.3, 1]);
  }

  #crash(): void {
    const { random, disk, trace } = this.#world;
    if (!this.#world.isRunning) return;
    if (random.chance(0.5)) this.#world.crash(random.chance(0.7));
    else {
      disk.crashingCall = disk.calls + random.int(1, 20);
      trace.add(`crash at call ${disk.crashingCall}`);
    }
  }

  #disk(): void {
    const { random, disk, trace } = this.#world;
    const act = random.int(0, 4);
    if (act === 0) {
      disk.failingCall = disk.calls + random.int(1, 10);
      trace.add(`failure at call ${disk.failingCall}`);
    } else this.#room(act > 2 || disk.bytesMax < Number.POSITIVE_INFINITY);
  }

  #room(hasRoom: boolean): void {
    const { disk, model, trace, random } = this.#world;
    trace.add(`room ${hasRoom}`);
    disk.bytesMax = hasRoom
      ? Number.POSITIVE_INFINITY
      : disk.bytesUsed + random.pick([0, 1000, 20_000]);
    model.troubled(!hasRoom);
  }

  /** Comes back to what its session may have for it. */
  #return(client: Client): void {
    client.habits.ackDelayMsMax = 0;
    client.habits.neverChance = 0;
    const { version, clientId } = client;
    client.connect(this.#world.straight(), {
      type: PacketType.connect,
      protocolVersion: version,
      cleanStart: false,
      keepAlive: 0,
      clientId,
      properties: version === 5 ? { sessionExpiryInterval: endless } : undefined,
    });
  }

  /** A new client asks for all that is retained. */
  async #probe(): Promise<void> {
    const { clock, model } = this.#world;
    this.#probes += 1;
    const probe = this.#world.stranger(`probe${this.#probes}`);
    probe.connect(this.#world.straight(), {
      type: PacketType.connect,
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: probe.clientId,
    });
    await clock.settle();
    const all = { filter: '#', qos: 2, noLocal: false, retainAsPublished: true } as const;
    probe.request(packetId => ({
      type: PacketType.subscribe,
      packetId,
      subscriptions: [{ ...all, retainHandling: 0 }],
    }));
    await clock.settle();
    model.probed(probe.clientId);
    probe.disconnect(0, undefined);
    await clock.settle();
  }
}
