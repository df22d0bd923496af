/**
 * Publishers and subscribers of all kinds: persistent and clean, 5.0 and 3.1.1, always there, away
 * and slow, sharing, and changing their mind. The ledger says what is wrong.
 */
import { topicMatchesFilter } from '@godwit/protocol';
import { Ledger, Receiver } from './ledger.ts';
import { endless, Peer, type PeerOptions } from './peer.ts';
import { type Strand, type StrandContext, waitFor } from './strand.ts';

type Habit = 'present' | 'visiting' | 'toggling';

interface Member {
  readonly peer: Peer;
  readonly habit: Habit;
  readonly filter: string;
  readonly qos: 1 | 2;
  readonly receiver: Receiver;
  /** An answer to SUBSCRIBE or UNSUBSCRIBE is awaited. */
  isAsking: boolean;
}

interface Source {
  readonly peer: Peer;
  readonly topics: readonly { name: string; qos: 1 | 2; isVolatile: boolean }[];
}

const patienceMs = 8_000;
const tickMs = 10;
const smallBytes = 200;
const largeBytes = 60_000;
/** Messages that wait in a publisher while there is no broker. */
const backlogMax = 200;

export class Traffic implements Strand {
  readonly ledger: Ledger;
  readonly #context: StrandContext;
  readonly #sources: Source[] = [];
  readonly #members: Member[] = [];
  /** Topics have another name after every settling. */
  #generation = 1;
  #port = 0;
  #run = 0;
  #backlog = 0;

  constructor(context: StrandContext) {
    this.#context = context;
    this.ledger = new Ledger(context.faults);
    this.#addSources();
    this.#addMembers();
  }

  up(port: number): void {
    this.#port = port;
    this.#run += 1;
    const run = this.#run;
    const { random } = this.#context;
    for (const { peer } of this.#sources) this.#later(run, 50, () => void peer.connect(port));
    for (const { peer, habit } of this.#members) {
      // A visitor comes in half of the cycles only.
      if (habit !== 'visiting' || random.chance(0.5)) {
        this.#later(run, habit === 'visiting' ? 600 : 50, () => void peer.connect(port));
      }
    }
    this.#tick(run);
  }

  down(): void {
    this.#run += 1;
  }

  async settle(): Promise<void> {
    this.#run += 1;
    const { clock, faults } = this.#context;
    const all = [...this.#sources, ...this.#members].map(({ peer }) => peer);
    for (const peer of all) if (!peer.isOnline) void peer.connect(this.#port);
    const progress = (): number => this.ledger.acknowledged + this.ledger.delivered;
    const isIdle = (): boolean => all.every(peer => peer.isIdle);
    await waitFor(clock, isIdle, patienceMs, progress);
    await waitFor(clock, () => this.ledger.missing(false) === 0, patienceMs, progress);
    await waitFor(clock, isIdle, patienceMs, progress);
    const late = all.filter(peer => !peer.isIdle).map(({ options }) => options.clientId);
    if (late.length > 0) faults.add('an answer, or PUBREL, never came', late.join(', '));
    this.ledger.missing(true);
    this.#generation += 1;
    this.ledger.clear();
  }

  close(): void {
    this.#run += 1;
    for (const { peer } of [...this.#sources, ...this.#members]) peer.cut();
  }

  #addSources(): void {
    const both = [
      { name: 'one', qos: 1, isVolatile: false },
      { name: 'two', qos: 2, isVolatile: false },
    ] as const;
    const add = (name: string, options: Partial<PeerOptions>, topics: Source['topics']): void => {
      const clientId = `from-${name}`;
      const { clock, faults } = this.#context;
      const common = { clientId, version: 5, expirySeconds: endless, clock, faults } as const;
      const peer = new Peer({ ...common, ...options });
      // For the session to be on record before anything relies on it.
      if (peer.options.expirySeconds > 0) peer.subscribe(`own/${name}`, 1, () => {});
      this.#sources.push({ peer, topics });
    };
    add('kept', {}, both);
    add('kept-old', { version: 4 }, both);
    add('kept-wide', { window: 300 }, both);
    add('kept-single', { window: 1 }, both);
    add('clean', { expirySeconds: 0 }, both);
    add('clean-old', { version: 4, expirySeconds: 0 }, both);
    add('volatile', { window: 100 }, [
      { name: 'one-memory', qos: 1, isVolatile: true },
      { name: 'two-memory', qos: 2, isVolatile: true },
    ]);
  }

  #addMembers(): void {
    const { random } = this.#context;
    const slow = { ackDelayMs: () => (random.chance(0.3) ? random.int(1, 40) : 0) };
    const old = { version: 4 } as const;
    const all = 'c/#';
    this.#join('to-present', all, 2, 'present', {});
    this.#join('to-slow', all, 2, 'present', slow);
    this.#join('to-slow-old', all, 2, 'present', { ...slow, ...old });
    this.#join('to-visiting', all, 2, 'visiting', {});
    this.#join('to-visiting-old', all, 2, 'visiting', { ...slow, ...old });
    this.#join('to-visiting-lower', 'c/+/+/two', 1, 'visiting', {});
    this.#join('to-toggling', 'c/+/from-kept/#', 2, 'toggling', {});
    this.#join('to-toggling-old', 'c/+/from-clean-old/#', 1, 'toggling', old);
    const group = this.#receiver('group', all, 2);
    this.#join('to-group-1', '$share/group/c/#', 2, 'present', {}, group);
    this.#join('to-group-2', '$share/group/c/#', 2, 'present', { ...slow, ...old }, group);
    this.#join('to-group-3', '$share/group/c/#', 2, 'visiting', {}, group);
  }

  #receiver(name: string, filter: string, qos: 1 | 2): Receiver {
    const receiver = new Receiver(name, topic => topicMatchesFilter(topic, filter), qos);
    this.ledger.receivers.push(receiver);
    return receiver;
  }

  #join(
    clientId: string,
    filter: string,
    qos: 1 | 2,
    habit: Habit,
    options: Partial<PeerOptions>,
    group?: Receiver,
  ): void {
    const { clock, faults } = this.#context;
    const receiver = group ?? this.#receiver(clientId, filter, qos);
    const peer = new Peer({
      ...{ clientId, version: 5, expirySeconds: endless, clock, faults },
      ...options,
      onMessage: ({ topic, payload, packetId }) => {
        if (!topic.startsWith(`c/${this.#generation}/`)) return;
        const n = Number(/^\d+/.exec(payload.toString('latin1', 0, 20))?.[0]);
        this.ledger.came(receiver, clientId, topic, n, packetId);
      },
    });
    const member = { peer, habit, filter, qos, receiver, isAsking: false };
    this.#members.push(member);
    this.#subscribe(member);
  }

  #subscribe(member: Member): void {
    const { peer, filter, qos, receiver } = member;
    const { ledger } = this;
    member.isAsking = true;
    const interval = { askedAt: ledger.event(), since: 0, until: 0, gone: 0 };
    const isFirst = receiver.intervals.length === 0 || member.habit === 'toggling';
    if (isFirst) receiver.intervals.push(interval);
    peer.subscribe(filter, qos, () => {
      member.isAsking = false;
      interval.since = ledger.event();
    });
  }

  #unsubscribe(member: Member): void {
    const { peer, filter, receiver } = member;
    const interval = receiver.intervals.at(-1)!;
    member.isAsking = true;
    interval.until = this.ledger.event();
    peer.unsubscribe(filter, () => {
      member.isAsking = false;
      interval.gone = this.ledger.event();
    });
  }

  #tick(run: number): void {
    if (run !== this.#run) return;
    const { random, clock } = this.#context;
    for (const source of this.#sources) {
      if (source.peer.isOnline && this.#backlog < backlogMax) this.#publish(source);
    }
    for (const member of this.#members) {
      const { peer, habit } = member;
      if (habit === 'visiting' && random.chance(0.02)) {
        if (!peer.isOnline) void peer.connect(this.#port);
        else if (random.chance(0.5)) peer.cut();
        else peer.leave();
      }
      if (habit === 'toggling' && !member.isAsking && random.chance(0.1)) {
        if (peer.granted.size > 0) this.#unsubscribe(member);
        else this.#subscribe(member);
      }
    }
    // A network that breaks, now and then, while the broker lives.
    if (random.chance(0.01)) {
      const { peer } = random.pick(this.#sources);
      peer.cut();
      this.#later(run, 30, () => void peer.connect(this.#port));
    }
    clock.after(tickMs, () => this.#tick(run));
  }

  #publish({ peer, topics }: Source): void {
    const { random } = this.#context;
    const { ledger } = this;
    for (let burst = random.int(0, 6); burst > 0; burst -= 1) {
      const { name, qos, isVolatile } = random.pick(topics);
      const topic = `c/${this.#generation}/${peer.options.clientId}/${name}`;
      const entry = ledger.enter(topic, qos, isVolatile);
      const size = random.chance(0.002) ? largeBytes : random.int(0, smallBytes);
      this.#backlog += 1;
      const settled = (): void => {
        this.#backlog -= 1;
      };
      peer.publish({
        topic,
        payload: Buffer.from(`${entry.n} ${'.'.repeat(size)}`),
        qos,
        isVolatile,
        onSent: () => ledger.sent(entry),
        onAcknowledged: () => {
          settled();
          ledger.acked(entry);
        },
        onAbandoned: settled,
      });
    }
  }

  #later(run: number, withinMs: number, call: () => void): void {
    const { clock, random } = this.#context;
    clock.after(random.int(0, withinMs), () => {
      if (run === this.#run) call();
    });
  }
}
