/**
 * Retained messages that are set, replaced, removed and left to expire; after every start a new
 * subscriber looks at what the broker has.
 */
import { endless, Peer } from './peer.ts';
import { pause, type Strand, type StrandContext, waitFor } from './strand.ts';

/** What was done to a topic, in order. */
interface Step {
  /** '' removes. */
  readonly value: string;
  /** Seconds; 0: does not expire. */
  readonly expirySeconds: number;
  sentMs: number;
  ackedMs: number;
}

const topicCount = 12;
const tickMs = 15;
const patienceMs = 8_000;
const expirySeconds = 2;
/** What clocks, rounding and a busy machine may take. */
const slackMs = 1_100;

export class RetainedStrand implements Strand {
  readonly #context: StrandContext;
  readonly #publisher: Peer;
  readonly #topics = Array.from({ length: topicCount }, (_, i) => ({
    name: `r/${i}`,
    steps: [] as Step[],
  }));
  #looks = 0;
  #port = 0;
  #run = 0;

  constructor(context: StrandContext) {
    const { clock, faults } = context;
    this.#context = context;
    const clientId = 'retainer';
    this.#publisher = new Peer({ clientId, version: 5, expirySeconds: endless, clock, faults });
    this.#publisher.subscribe('own/retainer', 1, () => {});
  }

  up(port: number): void {
    this.#port = port;
    this.#run += 1;
    const run = this.#run;
    void this.#look(run);
    void this.#publisher.connect(port);
    this.#tick(run);
  }

  down(): void {
    this.#run += 1;
  }

  async settle(): Promise<void> {
    this.#run += 1;
    await waitFor(this.#context.clock, () => this.#publisher.isIdle, patienceMs);
    if (!(await this.#look(this.#run))) this.#context.faults.add('retained not seen', 'at the end');
    // A topic begins again with the step that counts.
    for (const topic of this.#topics) topic.steps = topic.steps.slice(-1);
  }

  close(): void {
    this.#run += 1;
    this.#publisher.cut();
  }

  #tick(run: number): void {
    if (run !== this.#run) return;
    const { random, clock } = this.#context;
    const { name, steps } = random.pick(this.#topics);
    if (this.#publisher.isOnline) {
      const value = random.chance(0.25) ? '' : `${name} ${clock.monotonicMs()}`;
      const expires = value !== '' && random.chance(0.3) ? expirySeconds : 0;
      const step: Step = { value, expirySeconds: expires, sentMs: 0, ackedMs: 0 };
      steps.push(step);
      this.#publisher.publish({
        ...{ topic: name, payload: Buffer.from(value), retain: true },
        qos: random.chance(0.5) ? 1 : 2,
        ...(expires > 0 && { properties: { messageExpiryInterval: expires } }),
        onSent: () => {
          step.sentMs ||= clock.monotonicMs();
        },
        onAcknowledged: () => {
          step.ackedMs = clock.monotonicMs();
        },
      });
    }
    clock.after(tickMs, () => this.#tick(run));
  }

  /** Compares what a new subscriber gets. @returns false when the broker went before */
  async #look(run: number): Promise<boolean> {
    const { clock, faults } = this.#context;
    this.#looks += 1;
    const clientId = `looker-${this.#looks}`;
    const seen = new Map<string, string>();
    let isComplete = false;
    const looker = new Peer({
      ...{ clientId, version: 5, expirySeconds: 0, clock, faults },
      onMessage: ({ topic, payload, retain }) => {
        if (topic === clientId) isComplete = true;
        else if (retain) seen.set(topic, payload.toString());
      },
    });
    const lookedMs = clock.monotonicMs();
    // What is sent while it looks may be there or not.
    const before = this.#topics.map(
      ({ steps }) => steps.filter(({ ackedMs }) => ackedMs > 0).length,
    );
    if ((await looker.connect(this.#port)) === null) return false;
    looker.subscribe(clientId, 1, () => {});
    looker.subscribe('r/#', 1, () => {
      // It comes after everything that was retained.
      looker.publish({ topic: clientId, payload: Buffer.alloc(0), qos: 1 });
    });
    await waitFor(clock, () => isComplete || run !== this.#run, patienceMs);
    looker.cut();
    if (!isComplete) return false;
    for (const [i, { name, steps }] of this.#topics.entries()) {
      const possible = steps.slice(Math.max(0, before[i] - 1));
      this.#compare(name, possible, before[i] === 0, seen.get(name) ?? '', lookedMs);
    }
    await pause(clock, 0);
    return true;
  }

  /** @param steps the last one that was acknowledged, and those after it */
  #compare(
    topic: string,
    steps: readonly Step[],
    isNew: boolean,
    seen: string,
    nowMs: number,
  ): void {
    const lastMs = this.#context.clock.monotonicMs();
    const isPossible = ({ value, expirySeconds: seconds, sentMs, ackedMs }: Step): boolean => {
      if (seconds === 0) return value === seen;
      const expiryMs = seconds * 1000;
      if (seen === '') return lastMs - sentMs > expiryMs - slackMs;
      return value === seen && (ackedMs === 0 || nowMs - ackedMs < expiryMs + slackMs);
    };
    if ((isNew && seen === '') || steps.some(isPossible)) return;
    const lines = steps.map(step => JSON.stringify(step));
    const evidence = [`${topic} is '${seen}' at ${nowMs}; last acknowledged, and after:`, ...lines];
    this.#context.faults.add('retained wrong', evidence.join('\n      '));
  }
}
