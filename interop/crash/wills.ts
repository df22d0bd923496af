/**
 * Clients with wills, with and without delay, that are there when the broker dies, or go before
 * with and without a goodbye: whose will is owed must be published, and no other.
 */
import { endless, Peer } from './peer.ts';
import { type Strand, type StrandContext, waitFor } from './strand.ts';

interface Mourned {
  readonly key: string;
  readonly peer: Peer;
  readonly delaySeconds: number;
  /** The broker has said something that it may say only when the will is on record. */
  isArmed: boolean;
  end: 'open' | 'left' | 'cut' | 'killed';
  endMs: number;
  came: number;
}

const clientCount = 6;
const patienceMs = 10_000;
const delayMax = 2;
/** A goodbye that the broker heard so long before it died counts. */
const heardMs = 500;

export class WillStrand implements Strand {
  readonly #context: StrandContext;
  readonly #watcher: Peer;
  #all: Mourned[] = [];
  /** Whose connection is open, by client. */
  readonly #current: (Mourned | null)[] = new Array<Mourned | null>(clientCount).fill(null);
  #made = 0;
  #port = 0;
  #run = 0;

  constructor(context: StrandContext) {
    this.#context = context;
    this.#watcher = new Peer({
      ...{ clientId: 'will-watcher', version: 5, expirySeconds: endless },
      ...{ clock: context.clock, faults: context.faults },
      onMessage: ({ payload }) => this.#came(payload.toString()),
    });
    this.#watcher.subscribe('w/#', 1, () => {});
  }

  up(port: number): void {
    this.#port = port;
    this.#run += 1;
    const run = this.#run;
    void this.#watcher.connect(port);
    for (let i = 0; i < clientCount; i += 1) {
      this.#later(run, 200, () => void this.#connect(i));
      if (i % 2 === 0) this.#later(run, 350, () => this.#leave(i));
    }
  }

  down(): void {
    this.#run += 1;
    const { clock } = this.#context;
    for (const [i, one] of this.#current.entries()) {
      this.#current[i] = null;
      if (one === null) continue;
      one.end = 'killed';
      one.endMs = clock.monotonicMs();
      one.peer.cut();
    }
    // A goodbye just before may not have been heard; it proves nothing then.
    for (const one of this.#all) {
      if (one.end === 'left' && clock.monotonicMs() - one.endMs < heardMs) one.isArmed = false;
    }
    this.#all = this.#all.filter(one => one.isArmed);
  }

  async settle(): Promise<void> {
    this.#run += 1;
    const { clock, faults } = this.#context;
    for (let i = 0; i < clientCount; i += 1) if (this.#current[i] !== null) this.#end(i, 'cut');
    const owed = (): Mourned[] =>
      this.#all.filter(one => one.isArmed && one.end !== 'left' && one.came === 0);
    await waitFor(
      clock,
      () => owed().length === 0,
      patienceMs,
      () => owed().length,
    );
    for (const one of owed()) faults.add('will lost', describe(one));
    this.#all = [];
  }

  close(): void {
    this.#run += 1;
    this.#watcher.cut();
    for (const one of this.#current) one?.peer.cut();
  }

  async #connect(i: number): Promise<void> {
    const { clock, faults, random } = this.#context;
    this.#made += 1;
    const key = `will ${this.#made}`;
    const delaySeconds = i < clientCount / 2 ? 0 : random.int(1, delayMax);
    const will = { topic: `w/${i}`, payload: Buffer.from(key), delaySeconds };
    // A client of its own each time: the return of one would take back a delayed will.
    const clientId = `mortal-${this.#made}`;
    const expirySeconds = i % 3 === 0 && delaySeconds === 0 ? 0 : 60;
    const peer = new Peer({ clientId, version: 5, expirySeconds, clock, faults, will });
    const one: Mourned = {
      ...{ key, peer, delaySeconds, isArmed: false, end: 'open', endMs: 0, came: 0 },
    };
    this.#all.push(one);
    this.#current[i] = one;
    await peer.connect(this.#port);
    // Stored for the watcher of all traffic, so that its acknowledgement waits for the disk.
    peer.publish({
      ...{ topic: 'w/armed', payload: Buffer.from('armed'), qos: 1 },
      onAcknowledged: () => {
        one.isArmed = one.end === 'open';
      },
    });
  }

  #leave(i: number): void {
    if (this.#current[i] === null) return;
    this.#end(i, this.#context.random.chance(0.5) ? 'left' : 'cut');
  }

  #end(i: number, end: 'left' | 'cut'): void {
    const one = this.#current[i]!;
    this.#current[i] = null;
    one.end = end;
    one.endMs = this.#context.clock.monotonicMs();
    if (end === 'left') one.peer.leave();
    else one.peer.cut();
  }

  #came(key: string): void {
    const one = this.#all.find(other => other.key === key);
    if (one === undefined) return;
    one.came += 1;
    const { faults, clock } = this.#context;
    const afterMs = clock.monotonicMs() - one.endMs;
    if (one.end === 'open') faults.add('will of a client that is there', describe(one));
    if (one.end === 'left') faults.add('will in spite of a goodbye', describe(one));
    else if (afterMs < one.delaySeconds * 1000 - 50) {
      faults.add('will too early', `${describe(one)}, after ${afterMs} ms`);
    }
  }

  #later(run: number, withinMs: number, call: () => void): void {
    const { clock, random } = this.#context;
    clock.after(random.int(0, withinMs), () => {
      if (run === this.#run) call();
    });
  }
}

function describe({ key, peer, delaySeconds, end, endMs, came }: Mourned): string {
  const { clientId, expirySeconds } = peer.options;
  const who = `${key} of ${clientId}, session expiry ${expirySeconds} s, delay ${delaySeconds} s`;
  return `${who}: ${end} at ${endMs}, came ${came} times`;
}
