/**
 * The client over a network that splits, delays and breaks, to a server that is restarted: whatever
 * a seed makes of it, the promises hold.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultNetwork, SeededRandom, VirtualClock } from '@godwit/testkit';
import type { Client } from './client.ts';
import { createClient } from './connect.ts';
import { PublishError } from './errors.ts';
import { ModelServer } from './testing/model-server.ts';

const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1);
const steps = 60;
const topics = ['a', 'b'];

interface Sent {
  readonly message: string;
  outcome: 'pending' | 'resolved' | PublishError;
}

class Model {
  readonly random: SeededRandom;
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: FaultNetwork;
  readonly server: ModelServer;
  readonly client: Client;
  readonly sent: Sent[] = [];
  readonly consumed: string[] = [];
  readonly #controllers: AbortController[] = [];
  #isReachable = true;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const { clock, random } = this;
    this.network = new FaultNetwork({ clock, random, splitChance: 0.2, delayMsMax: 10 });
    this.server = new ModelServer(random);
    this.network.listen('server', stream => this.server.accept(stream));
    this.client = createClient('memory://server', {
      transport: async () => {
        if (!this.#isReachable) throw new Error('the server is away');
        return this.network.connect('server');
      },
      clock,
      random,
      session: { expiryMs: 'never' },
      reconnect: { minMs: 5, maxMs: 100, resetAfterMs: 50 },
    });
  }

  async start(): Promise<void> {
    const subscribing = this.client.subscribe('#', { qos: 2 });
    assert.ok(await this.clock.advanceUntil(() => this.client.state === 'connected', 10_000));
    await this.clock.advance(1_000);
    const { clock, random, consumed } = this;
    void (await subscribing).each(async message => {
      const isSlow = random.chance(0.5);
      if (isSlow) await new Promise<void>(resolve => clock.after(random.int(0, 40), resolve));
      consumed.push(message.text());
    });
  }

  async step(number: number, restarts: boolean): Promise<void> {
    const { random, server } = this;
    for (let count = 3 - random.int(0, 3); count < 3; count += 1)
      this.#publish(number * 10 + count);
    if (random.chance(0.3)) server.publish(random.pick(topics), random.pick([1, 2]), number);
    if (random.chance(0.1)) this.#controllers.splice(0, 1)[0]?.abort();
    if (random.chance(0.15)) for (const link of this.network.links) link.cut();
    if (random.chance(0.1)) this.#isReachable = !this.#isReachable;
    if (restarts && random.chance(0.1)) server.restart();
    await this.clock.advance(random.int(0, 30));
  }

  /** Lets all that is under way come to its end. */
  async finish(): Promise<void> {
    this.#isReachable = true;
    const isDone = (): boolean =>
      this.sent.every(({ outcome }) => outcome !== 'pending') &&
      this.server.isIdle &&
      this.client.stats.inFlight === 0;
    assert.ok(await this.clock.advanceUntil(isDone, 60_000), 'something never ends');
    const { queued, queuedBytes, inFlight } = this.client.stats;
    assert.deepEqual([queued, queuedBytes, inFlight], [0, 0, 0]);
    const closed = this.client.close();
    await this.clock.advance(10_000);
    await closed;
    assert.equal(this.clock.timerCount, 0);
  }

  #publish(number: number): void {
    const { random } = this;
    const topic = random.pick(topics);
    const qos = random.pick([0, 1, 2] as const);
    const sent: Sent = { message: `${topic} ${qos} ${number}`, outcome: 'pending' };
    this.sent.push(sent);
    const controller = new AbortController();
    if (random.chance(0.3)) this.#controllers.push(controller);
    this.client.publish(topic, `${number}`, { qos, signal: controller.signal }).then(
      () => {
        sent.outcome = 'resolved';
      },
      error => {
        sent.outcome = error;
      },
    );
  }
}

/** Each topic and QoS in order, counting only when a message comes first. */
function assertInOrder(messages: readonly string[]): void {
  const last = new Map<string, number>();
  for (const message of new Set(messages)) {
    const [topic, qos, number] = message.split(' ');
    const lane = `${topic} ${qos}`;
    assert.ok(Number(number) > (last.get(lane) ?? -1), `${message} comes too late`);
    last.set(lane, Number(number));
  }
}

function countOf(messages: readonly string[], message: string): number {
  return messages.filter(each => each === message).length;
}

for (const restarts of [false, true]) {
  test(`drops and delays${restarts ? ', and restarts' : ''}`, async () => {
    for (const seed of seeds) {
      const model = new Model(seed);
      await model.start();
      for (let number = 1; number <= steps; number += 1) await model.step(number, restarts);
      await model.finish();
      const { received } = model.server;
      for (const { message, outcome } of model.sent) {
        const count = countOf(received, message);
        const [, qos] = message.split(' ');
        const said = `seed ${seed}: ${message} came ${count} times, ${outcome}`;
        if (qos !== '0' && outcome === 'resolved') assert.ok(count >= 1, said);
        if (qos === '0' || (qos === '2' && !restarts)) assert.ok(count <= 1, said);
        if (outcome instanceof PublishError) {
          assert.ok(outcome.delivered === 'maybe' || count === 0, said);
        } else assert.equal(outcome, 'resolved', said);
      }
      assertInOrder(received);
      if (restarts) continue;
      assert.equal(model.client.stats.unackedInbound, 0);
      assertInOrder(model.consumed);
      for (const message of model.consumed) {
        const isOnce = countOf(model.consumed, message) === 1;
        assert.ok(isOnce || message.split(' ')[1] === '1', `seed ${seed}: ${message} twice`);
      }
    }
  });
}
