/**
 * Sessions and messages whose time is up around a crash: what has expired must not be there, what
 * has not must.
 */
import { endless, Peer } from './peer.ts';
import { type Strand, type StrandContext, waitFor } from './strand.ts';

/** A session that was left, or a message that was acknowledged, and when it is looked for. */
interface Trial {
  readonly peer: Peer;
  readonly expiryMs: number;
  /** The time is up this long after the earliest, or the latest, of these moments. */
  sinceMs: number;
  untilMs: number;
  lookMs: number;
  /** When the message with an expiry was acknowledged; 0 without one. */
  messageSentMs: number;
  messageMs: number;
  came: number | null;
}

const trialsMax = 12;
const tickMs = 60;
const slackMs = 1_200;
const sessionSeconds = [2, 3] as const;
const messageSeconds = 2;
const lookWithinMs = 4_500;
const patienceMs = 10_000;

export class ExpiryStrand implements Strand {
  readonly #context: StrandContext;
  readonly #publisher: Peer;
  #trials: Trial[] = [];
  #made = 0;
  #port = 0;
  #run = 0;
  #isSettling = false;

  constructor(context: StrandContext) {
    const { clock, faults } = context;
    this.#context = context;
    const clientId = 'expiring';
    this.#publisher = new Peer({ clientId, version: 5, expirySeconds: endless, clock, faults });
    this.#publisher.subscribe('own/expiring', 1, () => {});
  }

  up(port: number): void {
    this.#port = port;
    this.#run += 1;
    void this.#publisher.connect(port);
    this.#tick(this.#run);
  }

  down(): void {
    this.#run += 1;
    const nowMs = this.#context.clock.monotonicMs();
    // Who was connected: the time begins when the broker is back, at the latest.
    for (const { peer } of this.#trials) if (peer.isOnline) peer.cut();
    for (const trial of this.#trials) {
      if (trial.sinceMs === 0) {
        trial.sinceMs = nowMs;
        trial.untilMs = 0;
      }
    }
  }

  async settle(): Promise<void> {
    this.#isSettling = true;
    await waitFor(
      this.#context.clock,
      () => this.#trials.length === 0,
      patienceMs,
      () => this.#trials.length,
    );
    this.#isSettling = false;
    this.#run += 1;
    this.#trials = [];
  }

  close(): void {
    this.#run += 1;
    this.#publisher.cut();
    for (const { peer } of this.#trials) peer.cut();
  }

  #tick(run: number): void {
    if (run !== this.#run) return;
    const { clock } = this.#context;
    const nowMs = clock.monotonicMs();
    for (const trial of this.#trials) {
      // It is back by now at the latest: here the time of who was connected begins.
      if (trial.sinceMs !== 0) trial.untilMs ||= nowMs;
    }
    const due = this.#trials.find(({ lookMs, untilMs }) => untilMs !== 0 && lookMs < nowMs);
    if (due !== undefined) {
      this.#trials = this.#trials.filter(trial => trial !== due);
      void this.#look(due, run);
    } else if (!this.#isSettling && this.#trials.length < trialsMax && this.#publisher.isOnline)
      void this.#begin(run);
    clock.after(tickMs, () => this.#tick(run));
  }

  /** A session that gets a message with an expiry, and then is left, or lives until a crash. */
  async #begin(run: number): Promise<void> {
    const { clock, random, faults } = this.#context;
    this.#made += 1;
    const topic = `x/${this.#made}`;
    const isMessage = random.chance(0.5);
    const seconds = isMessage ? endless : random.int(...sessionSeconds);
    const trial: Trial = {
      peer: new Peer({
        ...{ clientId: `trial-${this.#made}`, version: 5, expirySeconds: seconds, clock, faults },
        onMessage: ({ messageExpiryInterval }) => {
          trial.came = messageExpiryInterval ?? -1;
        },
      }),
      expiryMs: (isMessage ? messageSeconds : seconds) * 1000,
      ...{ sinceMs: 0, untilMs: 0, messageSentMs: 0, messageMs: 0, came: null },
      lookMs: clock.monotonicMs() + random.int(500, lookWithinMs),
    };
    if ((await trial.peer.connect(this.#port)) === null) return;
    trial.peer.subscribe(topic, 1, () => {
      if (run !== this.#run) return;
      this.#trials.push(trial);
      if (!isMessage && random.chance(0.5)) return;
      trial.peer.leave();
      trial.sinceMs = clock.monotonicMs();
      trial.untilMs = trial.sinceMs + 100;
      if (!isMessage) return;
      this.#publisher.publish({
        ...{ topic, payload: Buffer.from('x'), qos: 1 },
        properties: { messageExpiryInterval: messageSeconds },
        onSent: () => {
          trial.messageSentMs ||= clock.monotonicMs();
        },
        onAcknowledged: () => {
          trial.messageMs = clock.monotonicMs();
        },
      });
    });
  }

  async #look(trial: Trial, run: number): Promise<void> {
    const { clock, faults } = this.#context;
    const { peer, expiryMs, sinceMs, untilMs, messageSentMs, messageMs } = trial;
    const isPresent = await peer.connect(this.#port, { cleanStart: false });
    const nowMs = clock.monotonicMs();
    if (isPresent === null || run !== this.#run) {
      peer.cut();
      return;
    }
    const say = (kind: string): void => {
      const { clientId, expirySeconds } = peer.options;
      const age = `${nowMs - untilMs} to ${nowMs - sinceMs} ms after its end`;
      const message = `message ${nowMs - messageMs} to ${nowMs - messageSentMs} ms old`;
      faults.add(kind, `${clientId}, session expiry ${expirySeconds} s, ${age}, ${message}`);
    };
    if (messageMs === 0) {
      if (isPresent && nowMs - untilMs > expiryMs + slackMs) say('session outlives its expiry');
      if (!isPresent && nowMs - sinceMs < expiryMs - slackMs) say('session expired too soon');
    } else {
      // A round trip: what waited for the client has come by then.
      let isAnswered = false;
      peer.subscribe(`own/${peer.options.clientId}`, 1, () => {
        isAnswered = true;
      });
      await waitFor(clock, () => isAnswered || run !== this.#run, patienceMs);
      if (isAnswered) {
        const isLate = nowMs - messageMs > expiryMs + slackMs;
        const isEarly = nowMs - messageSentMs < expiryMs - slackMs;
        if (trial.came !== null && isLate) say('message outlives its expiry');
        if (trial.came === null && isEarly) say('message expired too soon');
        const most = (expiryMs - (nowMs - messageMs) + slackMs) / 1000;
        if (trial.came !== null && trial.came > most) say('message expiry starts again');
      }
    }
    peer.cut();
  }
}
