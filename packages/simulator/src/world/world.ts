/**
 * All that a simulation consists of: clients, a network, the broker's process and its disk, on one
 * clock; and the model, which watches. What happens to them is for the script.
 */
import type { BrokerOptions } from '@godwit/broker';
import { SimulatedDisk } from '@godwit/storage-local/simulated-disk';
import { FaultNetwork, SeededRandom, VirtualClock } from '@godwit/testkit';
import { MemoryNetwork } from '@godwit/transport';
import { Model } from '../model/model.ts';
import { Client } from './client.ts';
import { EdgeStream } from './edge-stream.ts';
import { type Fault, Life } from './life.ts';
import type { Trace } from './trace.ts';

const clientCount = 7;
/** Small files, so that a log has many of them; and little to write, so that it is often full. */
const engineLimits = {
  segmentBytes: 8192,
  entryBytesMax: 4096,
  acceptBytesMax: 256 * 1024,
  cacheBytesMax: 64 * 1024 * 1024,
};

export class World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly disk: SimulatedDisk;
  readonly network: FaultNetwork;
  readonly model: Model;
  readonly clients: readonly Client[];
  readonly trace: Trace;
  readonly #fault: Fault;
  readonly #broker: Pick<BrokerOptions, 'limits' | 'queueFullPolicy' | 'sharedStrategy'>;
  readonly #straight: MemoryNetwork;
  readonly #outgoingMax: number;
  /** Lives have randomness of their own, each another. */
  #lives: number;
  #life: Life | null;

  constructor(seed: number, trace: Trace, fault: Fault) {
    const random = new SeededRandom(seed);
    const clock = new VirtualClock();
    this.random = random;
    this.clock = clock;
    this.trace = trace;
    this.#fault = fault;
    this.#lives = 0;
    this.#life = null;
    this.disk = new SimulatedDisk({ random: new SeededRandom(random.uint32()), clock });
    this.disk.latencyMaxMs = random.pick([0, 1, 5, 30]);
    this.disk.onCrash = () => this.#died('in the middle of a call of the disk');
    const isSmall = random.chance(0.2);
    const receiveMaximum = random.pick([5, 100, 1024]);
    this.#outgoingMax = Math.min(20, receiveMaximum);
    this.#broker = {
      limits: {
        receiveMaximum,
        inflightMax: random.pick([2, 20, 1024]),
        outboundBytesMax: 65_536,
        queueMessagesMax: isSmall ? 3 : 100_000,
      },
      queueFullPolicy: random.pick(['drop-newest', 'drop-oldest', 'reject']),
      sharedStrategy: random.pick(['round-robin', 'least-inflight', 'sticky-client']),
    };
    this.model = new Model({
      wallMs: clock.wallMs,
      note: line => trace.add(line),
      mayDrop: isSmall,
    });
    this.network = new FaultNetwork({
      clock,
      random: new SeededRandom(random.uint32()),
      splitChance: random.pick([0, 0.3]),
      delayMsMax: random.pick([0, 5, 40]),
    });
    this.#straight = new MemoryNetwork(clock.defer);
    this.clients = Array.from({ length: clientCount }, (_, i) => this.#client(`c${i}`));
    for (const network of [this.network, this.#straight]) {
      network.listen('broker', stream => {
        if (this.#life?.isReady)
          this.#life.accept(new EdgeStream(stream, this.model.watch(), clock.wallMs));
        else stream.destroy();
      });
    }
  }

  /** The broker takes clients. */
  get isReady(): boolean {
    return this.#life?.isReady ?? false;
  }

  /** There is a process, ready or not. */
  get isRunning(): boolean {
    return this.#life !== null;
  }

  /** Starts the broker; it is ready some time later. */
  boot(): void {
    this.trace.add('boot');
    this.#lives += 1;
    const life = new Life({
      clock: this.clock,
      random: new SeededRandom(this.random.seed + this.#lives),
      disk: this.disk,
      broker: this.#broker,
      engineLimits,
      fault: this.#fault,
      onReady: () => {
        this.trace.add('ready');
        this.model.ready();
      },
      onFailure: () => this.#failed(life),
      onRefused: error => {
        // A disk that is full, or that failed, may keep it from starting; damage may not be there.
        const { code } = error as { code?: unknown };
        if (code !== 'io' && code !== 'full') this.model.ledger.fail(`did not start: ${error}`);
        this.disk.crash();
        if (this.#life === life) this.#died(`start refused: ${code}`);
      },
    });
    this.#life = life;
  }

  /** Ends the broker's process, and with `isPowerCut` what its disk had not synced. */
  crash(isPowerCut: boolean): void {
    if (isPowerCut) this.disk.powerCut();
    else this.disk.crash();
    this.#died(isPowerCut ? 'power cut' : 'killed');
  }

  /** Ends everything: nothing is left that could run. */
  end(): void {
    for (const client of this.clients) client.cut();
    this.#life?.end();
    this.#life = null;
  }

  /** A client on a network without faults. */
  stranger(clientId: string): Client {
    return this.#client(clientId);
  }

  /** A connection without faults. */
  straight(): ReturnType<MemoryNetwork['connect']> {
    return this.#straight.connect('broker');
  }

  #client(clientId: string): Client {
    const { clock, trace } = this;
    const random = new SeededRandom(this.random.uint32());
    const outgoingMax = this.#outgoingMax;
    return new Client({ clientId, clock, random, outgoingMax, trace: what => trace.add(what) });
  }

  /** The engine has stopped for good: the broker must have, too. */
  #failed(life: Life): void {
    this.trace.add('failed');
    if (life.openStreams > 0) {
      this.model.ledger.fail('the disk failed, and connections are still open');
    }
    // What a failed sync left behind shows after the next power cut.
    this.disk.powerCut();
    this.#died('the disk failed');
  }

  #died(how: string): void {
    this.trace.add(`died: ${how}`);
    if (this.#life === null) return;
    this.#life.end();
    this.#life = null;
    this.model.crashed();
  }
}
