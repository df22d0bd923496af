/**
 * Members of a shared subscription come, crash, leave and take their time at random. As long as one
 * session stays in the group, every message of QoS 1 is acknowledged by somebody, and none comes
 * again after that.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Packet, PacketType } from '@godwit/protocol';
import { type RawClient, SeededRandom } from '@godwit/testkit';
import { type SharedStrategyName, sharedStrategyNames } from '../routing/shared-strategy.ts';
import {
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
  textOf,
} from '../testing/test-broker.ts';

const { publish, puback, suback, unsuback } = PacketType;
const filter = '$share/g/t/+';
/** Its session never ends and it never leaves, though it may be away for long. */
const anchor = 'anchor';
const others = ['a', 'b', 'c', 'd', 'e'];
const publishers = ['p', 'q', 'r'];
const expirySeconds = 30;

class World {
  readonly test: TestBroker;
  readonly random: SeededRandom;
  readonly members: Map<string, RawClient> = new Map();
  readonly publishers: RawClient[] = [];
  /** By text: how often it was acknowledged. */
  readonly published: Map<string, number> = new Map();

  constructor(sharedStrategy: SharedStrategyName, seed: number) {
    this.test = testBroker({ sharedStrategy });
    this.random = new SeededRandom(seed);
  }

  async join(clientId: string, acknowledges: number = 0.5): Promise<void> {
    if (this.members.has(clientId)) return;
    const { random } = this;
    const isAnchor = clientId === anchor;
    const properties = {
      sessionExpiryInterval: isAnchor ? 0xffffffff : random.pick([0, expirySeconds]),
      receiveMaximum: random.pick([1, 3, 100]),
    };
    const cleanStart = !isAnchor && random.int(0, 2) === 0;
    const client = await this.test.connected({ clientId, cleanStart, properties });
    this.members.set(clientId, client);
    client.send({
      type: PacketType.subscribe,
      packetId: 60_000,
      subscriptions: [
        { filter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
    // What it missed may come before.
    await this.read(clientId, acknowledges);
  }

  async leave(clientId: string): Promise<void> {
    const client = this.members.get(clientId);
    if (client === undefined) return;
    const how = this.random.pick(['crash', 'crash', 'goodbye', 'unsubscribe']);
    if (how === 'unsubscribe' && clientId !== anchor) {
      client.send({ type: PacketType.unsubscribe, packetId: 60_001, filters: [filter] });
    } else {
      if (how === 'goodbye') client.send({ type: PacketType.disconnect, reasonCode: 0 });
      else client.stream.destroy();
      this.members.delete(clientId);
    }
    await this.test.settle();
  }

  async publish(): Promise<void> {
    const { random } = this;
    for (let count = random.int(1, 8); count > 0; count -= 1) {
      const text = `${this.published.size}`;
      const publisher = random.pick(this.publishers);
      this.published.set(text, 0);
      publisher.send(publishOf(`t/${random.int(0, 20)}`, text, { qos: 1 }));
      await publisher.expect({ type: puback, reasonCode: 0 });
    }
  }

  /** The member reads all that came; of each message it is as likely as given to say so. */
  async read(clientId: string, acknowledges: number): Promise<void> {
    const client = this.members.get(clientId);
    if (client === undefined) return;
    for (;;) {
      const packet: Packet | null = await client.next().catch(() => null);
      if (packet === null) return;
      if (packet.type === suback || packet.type === unsuback) continue;
      assert.equal(packet.type, publish);
      const text = textOf(packet);
      assert.equal(this.published.get(text), 0, `${text} came again after its acknowledgement`);
      if (this.random.int(1, 100) > acknowledges * 100) continue;
      this.published.set(text, 1);
      client.send({ type: puback, packetId: packet.packetId, reasonCode: 0 });
      await this.test.settle();
    }
  }

  async step(): Promise<void> {
    const { random } = this;
    const clientId = random.pick([anchor, ...others]);
    switch (random.int(0, 7)) {
      case 0:
        return this.leave(clientId);
      case 1:
      case 2:
        return this.join(clientId);
      case 3:
      case 4:
        return this.publish();
      case 5:
        return this.test.clock.advance(random.int(1, expirySeconds) * 1000);
      default:
        return this.read(clientId, 0.7);
    }
  }

  async run(steps: number): Promise<void> {
    for (const clientId of publishers) {
      this.publishers.push(await this.test.connected({ clientId }));
    }
    await this.join(anchor);
    for (let step = 0; step < steps; step += 1) await this.step();
    // Whoever still owes an acknowledgement goes for good; the anchor does the rest.
    for (const client of this.members.values()) client.stream.destroy();
    this.members.clear();
    await this.test.clock.advance((expirySeconds + 1) * 1000);
    await this.join(anchor, 1);
  }
}

suite('at least once, whatever members do', () => {
  for (const strategy of sharedStrategyNames) {
    for (const seed of [1, 2]) {
      test(`${strategy} (seed ${seed})`, async () => {
        const world = new World(strategy, seed);
        await world.run(200);
        const lost = [...world.published].filter(([, count]) => count === 0);
        assert.deepEqual(lost, []);
        assert.ok(world.published.size > 100);
        const { messagesReassigned, messagesDroppedNoMember } = world.test.broker.metrics;
        assert.ok(messagesReassigned > 0, 'nothing was ever reassigned');
        assert.equal(messagesDroppedNoMember, 0);
      });
    }
  }
});

test('without crashes each message comes once, and round robin shares them evenly', async () => {
  const test = testBroker();
  const random = new SeededRandom(9);
  const clients: RawClient[] = [];
  for (const clientId of 'abcde') {
    const client = await test.connected({ clientId });
    await subscribe(client, filter, { qos: 1 });
    clients.push(client);
  }
  const count = 500;
  for (let i = 0; i < count; i += 1) {
    test.broker.publish(`t/${random.int(0, 9)}`, `${i}`, { qos: 1 });
  }
  const seen = new Set<string>();
  for (const client of clients) {
    for (let i = 0; i < count / clients.length; i += 1)
      seen.add(textOf(await client.expect(publish)));
    await client.expectNothing();
  }
  assert.equal(seen.size, count);
});
