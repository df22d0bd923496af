/**
 * The client over a network that splits, delays and breaks, to a server that is restarted, in a
 * process that crashes: whatever a seed makes of it, the promises hold.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultNetwork, SeededRandom, VirtualClock } from '@godwit/testkit';
import type { Client } from './client.ts';
import { createClient } from './connect.ts';
import { PublishError } from './errors.ts';
import { tableStore } from './store/table-store.ts';
import { CrashTable } from './testing/crash-table.ts';
import { ModelServer } from './testing/model-server.ts';

const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1);
const steps = 60;
const topics = ['a', 'b'];

/** What befalls the client besides its network. */
interface Fate {
  /** The server forgets all. */
  readonly restarts: boolean;
  /** The client's process dies, and is started again with its store. */
  readonly crashes: boolean;
}

interface Sent {
  readonly message: string;
  /** 'unknown': the process died before it was told. */
  outcome: 'pending' | 'resolved' | 'unknown' | PublishError;
}

class Model {
  readonly random: SeededRandom;
  readonly clock: VirtualClock = new VirtualClock();
  readonly network: FaultNetwork;
  readonly server: ModelServer;
  client: Client;
  readonly sent: Sent[] = [];
  readonly consumed: string[] = [];
  readonly #controllers: AbortController[] = [];
  readonly #fate: Fate;
  #table: CrashTable;
  #isReachable = true;

  constructor(seed: number, fate: Fate) {
    this.#fate = fate;
    this.random = new SeededRandom(seed);
    const { clock, random } = this;
    this.network = new FaultNetwork({ clock, random, splitChance: 0.2, delayMsMax: 10 });
    this.server = new ModelServer(random);
    this.network.listen('server', stream => this.server.accept(stream));
    this.#table = new CrashTable(clock, random);
    this.client = this.#begin();
  }

  #begin(): Client {
    const { clock, random, consumed } = this;
    const client = createClient('memory://server', {
      transport: async () => {
        if (!this.#isReachable) throw new Error('the server is away');
        return this.network.connect('server');
      },
      clock,
      random,
      session: {
        expiryMs: 'never',
        store: this.#fate.crashes ? tableStore(this.#table) : undefined,
      },
      reconnect: { minMs: 5, maxMs: 100, resetAfterMs: 50 },
    });
    const consume = async (): Promise<void> => {
      const subscription = await client.subscribe('#', { qos: 2 });
      await subscription.each(async message => {
        const isSlow = random.chance(0.5);
        if (isSlow) await new Promise<void>(resolve => clock.after(random.int(0, 40), resolve));
        consumed.push(message.text());
      });
    };
    // a process that dies waits for nothing
    consume().catch(() => {});
    return client;
  }

  async start(): Promise<void> {
    assert.ok(await this.clock.advanceUntil(() => this.client.state === 'connected', 10_000));
    await this.clock.advance(1_000);
  }

  /** The process dies, and the next one begins with what was stored. */
  #crash(): void {
    for (const sent of this.sent) if (sent.outcome === 'pending') sent.outcome = 'unknown';
    this.#controllers.length = 0;
    this.#table = this.#table.crash();
    void this.client.close({ signal: AbortSignal.abort() });
    this.client = this.#begin();
  }

  async step(number: number): Promise<void> {
    const { random, server } = this;
    for (let count = 3 - random.int(0, 3); count < 3; count += 1)
      this.#publish(number * 10 + count);
    if (random.chance(0.3)) server.publish(random.pick(topics), random.pick([1, 2]), number);
    if (random.chance(0.1)) this.#controllers.splice(0, 1)[0]?.abort();
    if (random.chance(0.15)) for (const link of this.network.links) link.cut();
    if (random.chance(0.1)) this.#isReachable = !this.#isReachable;
    if (this.#fate.restarts && random.chance(0.1)) server.restart();
    if (this.#fate.crashes && random.chance(0.1)) this.#crash();
    await this.clock.advance(random.int(0, 30));
  }

  /** Lets all that is under way come to its end. */
  async finish(): Promise<void> {
    this.#isReachable = true;
    const isDone = (): boolean =>
      this.sent.every(({ outcome }) => outcome !== 'pending') &&
      this.server.isIdle &&
      this.client.stats.queued + this.client.stats.inFlight === 0;
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
    const until = this.#fate.crashes && qos > 0 && random.chance(0.5) ? 'stored' : 'acked';
    const settle = (outcome: Sent['outcome']): void => {
      if (sent.outcome === 'pending') sent.outcome = outcome;
    };
    this.client.publish(topic, `${number}`, { qos, until, signal: controller.signal }).then(
      () => settle('resolved'),
      error => settle(error),
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

const fates: readonly [title: string, fate: Fate][] = [
  ['drops and delays', { restarts: false, crashes: false }],
  ['drops and delays, and restarts', { restarts: true, crashes: false }],
  ['drops and delays, and crashes', { restarts: false, crashes: true }],
  ['drops and delays, restarts and crashes', { restarts: true, crashes: true }],
];

for (const [title, fate] of fates) {
  const { restarts, crashes } = fate;
  test(title, async () => {
    for (const seed of seeds) {
      const model = new Model(seed, fate);
      await model.start();
      for (let number = 1; number <= steps; number += 1) await model.step(number);
      await model.finish();
      const { received } = model.server;
      for (const { message, outcome } of model.sent) {
        const count = countOf(received, message);
        const [, qos] = message.split(' ');
        const said = `seed ${seed}: ${message} came ${count} times, ${outcome}`;
        if (qos !== '0' && outcome === 'resolved') assert.ok(count >= 1, said);
        if (qos === '0' || (qos === '2' && !restarts)) assert.ok(count <= 1, said);
        if (outcome instanceof PublishError) {
          // a crash may come between its withdrawal and the batch that says so
          assert.ok(outcome.delivered === 'maybe' || count === 0 || crashes, said);
        } else assert.ok(outcome === 'resolved' || crashes, said);
      }
      assertInOrder(received);
      if (restarts || crashes) continue;
      assert.equal(model.client.stats.unackedInbound, 0);
      assertInOrder(model.consumed);
      for (const message of model.consumed) {
        const isOnce = countOf(model.consumed, message) === 1;
        assert.ok(isOnce || message.split(' ')[1] === '1', `seed ${seed}: ${message} twice`);
      }
    }
  });
}
