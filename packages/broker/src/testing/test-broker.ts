/**
 * A broker on the memory network and on virtual time, so that a test reads as a script of packets.
 * Nothing of it outlives the test: no socket, no real timer.
 */
import assert from 'node:assert/strict';
import {
  type ConnectPacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type SubscriptionRequest,
} from '@godwit/protocol';
import type { Engine } from '@godwit/storage';
import { RawClient, SeededRandom, VirtualClock } from '@godwit/testkit';
import { MemoryNetwork } from '@godwit/transport';
import { Broker } from '../broker.ts';
import type { BrokerOptions } from '../broker-options.ts';

export interface TestBroker {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  /** The broker listens as 'broker'. */
  readonly network: MemoryNetwork;
  /** A client that has not sent anything. */
  client(version?: ProtocolVersion): RawClient;
  /** A client with its CONNACK behind it; see {@link RawClient.connect} for the defaults. */
  connected(connect?: Partial<ConnectPacket>): Promise<RawClient>;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
}

/** What brokers of tests are given unless the test says otherwise, be it `engine: undefined`. */
export const testDefaults: { engine: (() => Engine) | null } = { engine: null };

/** @param clock to go on with that of an earlier broker */
export function testBroker(
  options: Omit<BrokerOptions, 'clock' | 'random'> = {},
  clock: VirtualClock = new VirtualClock(),
): TestBroker {
  const network = new MemoryNetwork(clock.defer);
  const engine = 'engine' in options ? options.engine : testDefaults.engine?.();
  const broker = new Broker({ ...options, engine, clock, random: new SeededRandom(1) });
  if (engine !== undefined) void broker.start();
  network.listen('broker', stream => broker.accept(stream));
  const client = (version: ProtocolVersion = 5): RawClient =>
    new RawClient(network.connect('broker'), { clock, version });
  return {
    broker,
    clock,
    network,
    client,
    async connected(connect) {
      const connecting = client();
      const { reasonCode } = await connecting.connect(connect);
      assert.equal(reasonCode, 0, 'the broker refused the client');
      return connecting;
    },
    settle: () => clock.settle(),
  };
}

/** Subscribes to one filter, with QoS 2 unless told otherwise, and waits for SUBACK. */
export async function subscribe(
  client: RawClient,
  filter: string,
  options: Partial<SubscriptionRequest> = {},
): Promise<void> {
  const request: SubscriptionRequest = {
    filter,
    qos: 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    ...options,
  };
  client.send({ type: PacketType.subscribe, packetId: 1, subscriptions: [request] });
  await client.expect({ type: PacketType.suback, packetId: 1, reasonCodes: [request.qos] });
}

/** A PUBLISH with this text; QoS 0 unless told otherwise. */
export function publishOf(
  topic: string,
  text: string,
  fields: Partial<PublishPacket> = {},
): PublishPacket {
  const payload = new TextEncoder().encode(text);
  const { qos = 0 } = fields;
  const packetId = qos === 0 ? 0 : 1;
  return {
    type: PacketType.publish,
    topic,
    payload,
    qos,
    retain: false,
    dup: false,
    packetId,
    ...fields,
  };
}

/** All packets that have arrived at `client` and nobody has expected yet. */
export async function arrivedAt(client: RawClient): Promise<Packet[]> {
  const packets: Packet[] = [];
  for (;;) {
    const packet = await client.next().catch(() => null);
    if (packet === null) return packets;
    packets.push(packet);
  }
}

/** What a received PUBLISH says, as text. */
export function textOf(packet: PublishPacket): string {
  return new TextDecoder().decode(packet.payload);
}
