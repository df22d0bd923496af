/**
 * One life of a data directory, from one seed: runs that do whatever chance decides, each ended by a
 * crash or a power cut at any call of the disk, in recovery too; after each the next run must find
 * what it may find and nothing else.
 */

import assert from 'node:assert/strict';
import type { Engine, EntryRef } from '@godwit/storage';
import { SeededRandom } from '@godwit/testkit';
import { DataDirectory } from '../data-directory.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import { LocalEngine } from '../local-engine.ts';
import { AcceptModel } from './accept-model.ts';
import { HandClock } from './hand-clock.ts';
import { type Seen, StateModel } from './state-model.ts';

const ROUNDS = 4;
const STEPS_MAX = 60;
const KEYS = ['anna', 'bert', 'carl'];

const limits = {
  acceptBytesMax: 64 * 1024,
  entryBytesMax: 8 * 1024,
  inboxBytesMax: 64 * 1024,
  segmentBytes: 4096,
};

/** Lives one life; throws when something was lost, came back, or came out of order. */
export async function powerCutTrial(seed: number): Promise<void> {
  const trial = new Trial(seed);
  for (let round = 0; round < ROUNDS; round += 1) await trial.round();
}

class Trial {
  readonly #random: SeededRandom;
  readonly #clock = new HandClock();
  readonly #disk: SimulatedDisk;
  readonly #state = new StateModel();
  readonly #accepts = new AcceptModel();
  #engine: LocalEngine | null = null;
  #dead = false;
  #names = 0;
  /** By session key: its revision, 0 without a record, null while a change is under way. */
  readonly #revisions = new Map<string, number | null>();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#disk = new SimulatedDisk({ random: this.#random, clock: this.#clock });
  }

  async round(): Promise<void> {
    const engine = await this.#recover();
    await this.#check(engine);
    this.#disk.latencyMaxMs = this.#random.int(0, 3);
    this.#disk.crashingCall = this.#disk.calls + this.#random.int(1, 250);
    if (this.#random.chance(0.2)) {
      this.#disk.failingCall = this.#disk.calls + this.#random.int(1, 100);
    }
    const steps = this.#random.int(1, STEPS_MAX);
    for (let step = 0; step < steps && !this.#dead; step += 1) {
      await this.#step(engine);
      if (this.#random.chance(0.4)) await this.#clock.advance(1);
    }
    if (!this.#dead && this.#random.chance(0.2)) await this.#finish(engine.stop(50));
    engine.kill();
    this.#end();
  }

  /** Opens the next run; on the way it may crash again. */
  async #recover(): Promise<LocalEngine> {
    this.#disk.latencyMaxMs = 0;
    this.#disk.bytesMax = Number.POSITIVE_INFINITY;
    for (let tries = this.#random.int(0, 2); ; tries -= 1) {
      this.#dead = false;
      this.#disk.onCrash = () => {
        this.#dead = true;
        this.#engine?.kill();
      };
      if (tries > 0) this.#disk.crashingCall = this.#disk.calls + this.#random.int(1, 40);
      const started = await this.#finish(this.#start());
      this.#disk.crashingCall = Number.POSITIVE_INFINITY;
      if (started !== null) return started;
      this.#end();
    }
  }

  async #start(): Promise<LocalEngine> {
    const data = await DataDirectory.open(this.#disk, this.#random);
    const engine = new LocalEngine({ clock: this.#clock, data, limits, random: this.#random });
    this.#engine = engine;
    await engine.start();
    return engine;
  }

  #end(): void {
    if (this.#random.chance(0.7)) this.#disk.powerCut();
    else this.#disk.crash();
  }

  /** Compares what the new run finds with what it may find. */
  async #check(engine: LocalEngine): Promise<void> {
    this.#accepts.begin(engine.self.incarnation);
    const seen = (await this.#finish(see(engine, this.#revisions)))!;
    assert.equal(this.#state.judge(seen), null);
    this.#state.settle(seen);
    const logs = await this.#finish(seeLogs(engine));
    assert.equal(this.#accepts.judge(logs!), null);
  }

  /** Lets time pass until the promise is settled; null when the process dies before. */
  async #finish<T>(promise: Promise<T>): Promise<T | null> {
    let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
    promise.then(
      value => {
        outcome = { value };
      },
      error => {
        outcome = { error };
      },
    );
    for (let ms = 0; ms < 5000; ms += 1) {
      await this.#clock.advance(outcome === null ? 1 : 0);
      if (this.#dead) return null;
      const now = outcome as { readonly value: T } | { readonly error: unknown } | null;
      if (now !== null && 'value' in now) return now.value;
      if (now !== null) throw now.error;
    }
    throw new Error('it hangs');
  }

  async #step(engine: LocalEngine): Promise<void> {
    const dice = this.#random.int(0, 99);
    if (dice < 40) this.#offer(engine);
    else if (dice < 60) this.#release(engine);
    else if (dice < 70) this.#retain(engine);
    else if (dice < 80) this.#append(engine);
    else if (dice < 84) await this.#trim(engine);
    else if (dice < 86) this.#drop(engine);
    else if (dice < 94) this.#claim(engine);
    else if (dice < 97) await this.#finishLog(engine);
    else if (dice < 98) this.#disk.bytesMax = this.#disk.bytesUsed + this.#random.int(0, 4096);
    else this.#disk.bytesMax = Number.POSITIVE_INFINITY;
  }

  /** Text that was never used before, of any length. */
  #text(): { readonly name: string; readonly bytes: Uint8Array } {
    this.#names += 1;
    const name = `n${this.#names}`;
    const length = this.#random.chance(0.1) ? this.#random.int(0, 5000) : this.#random.int(0, 200);
    return { name, bytes: new TextEncoder().encode(name.padEnd(length, '.')) };
  }

  #offer(engine: Engine): void {
    for (let count = this.#random.int(1, 4); count > 0; count -= 1) {
      const { name, bytes } = this.#text();
      const done = this.#accepts.offer(name);
      engine.accepts.offer(bytes, (_error, at) => {
        assert.ok(!this.#dead, 'a dead engine calls nobody');
        done(at);
      });
    }
  }

  #release(engine: Engine): void {
    for (const entry of this.#accepts.releasable) {
      if (!this.#random.chance(0.6)) continue;
      engine.accepts.release(entry.at);
      entry.release();
    }
  }

  #retain(engine: Engine): void {
    const topic = this.#random.pick(KEYS);
    const { name, bytes } = this.#text();
    const removing = this.#random.chance(0.2);
    const put = engine.retained.put(topic, removing ? null : bytes);
    this.#state.track(
      `retain ${topic} ${name}`,
      !removing,
      seen => void seen.set(`retained ${topic}`, removing ? '' : name),
      put,
    );
  }

  #append(engine: Engine): void {
    const key = this.#random.pick(KEYS);
    const { name, bytes } = this.#text();
    const id = { node: engine.self, sequence: this.#names, index: 0 };
    const appended = engine.inboxes.append(key, id, bytes);
    const inbox = `inbox ${key}`;
    this.#state.track(
      `append ${key} ${name}`,
      true,
      seen => void seen.set(inbox, [...names(seen, inbox), name].join(' ')),
      appended,
    );
  }

  async #trim(engine: Engine): Promise<void> {
    const key = this.#random.pick(KEYS);
    const page = await this.#finish(engine.inboxes.read(key, 0, 5).catch(() => null));
    const last = page?.entries.at(-1);
    if (last === undefined || this.#dead) return;
    const inbox = `inbox ${key}`;
    const name = nameOf(last.bytes);
    this.#state.track(
      `trim ${key} ${name}`,
      false,
      seen => {
        const all = names(seen, inbox);
        seen.set(inbox, all.slice(all.indexOf(name) + 1).join(' '));
      },
      engine.inboxes.trim(key, last.position),
    );
  }

  #drop(engine: Engine): void {
    const key = this.#random.pick(KEYS);
    const dropped = engine.inboxes.drop(key);
    this.#state.track(`drop ${key}`, false, seen => void seen.set(`inbox ${key}`, ''), dropped);
  }

  #claim(engine: Engine): void {
    const key = this.#random.pick(KEYS);
    const revision = this.#revisions.get(key) ?? 0;
    if (this.#revisions.get(key) === null) return;
    this.#revisions.set(key, null);
    const { name, bytes } = this.#text();
    const ending = revision > 0 && this.#random.chance(0.3);
    const durable = this.#random.chance(0.8);
    const changed = ending
      ? engine.sessions.end(key, revision).then(() => 0)
      : engine.sessions
          .claim(key, bytes, revision, { durable })
          .then(result => (result.won ? result.revision : assert.fail('nobody else claims')));
    this.#state.track(
      `claim ${key} ${name}`,
      !ending,
      seen => void seen.set(`session ${key}`, ending || !durable ? '' : name),
      changed,
    );
    changed.then(
      now => void this.#revisions.set(key, now),
      error => error.code === 'full' && this.#revisions.set(key, revision),
    );
  }

  async #finishLog(engine: Engine): Promise<void> {
    const next = engine.accepts.orphans()[Symbol.asyncIterator]().next();
    const found = await this.#finish(next.catch(() => null));
    const log = found?.value;
    if (!log || this.#dead) return;
    const { incarnation } = log.from;
    this.#accepts.finishing(incarnation);
    log.finish().then(
      () => this.#accepts.finished(incarnation),
      () => {},
    );
  }
}

async function see(engine: Engine, revisions: Map<string, number | null>): Promise<Seen> {
  const seen: Record<string, string> = {};
  revisions.clear();
  for await (const { topic, bytes } of engine.retained.load()) {
    seen[`retained ${topic}`] = nameOf(bytes);
  }
  for await (const { key, bytes, revision } of engine.sessions.load()) {
    seen[`session ${key}`] = nameOf(bytes);
    revisions.set(key, revision);
  }
  for (const key of KEYS) {
    const { entries } = await engine.inboxes.read(key, 0, 1000);
    seen[`inbox ${key}`] = entries.map(({ bytes }) => nameOf(bytes)).join(' ');
  }
  return seen;
}

async function seeLogs(engine: Engine): Promise<Map<string, { at: EntryRef; text: string }[]>> {
  const logs = new Map<string, { at: EntryRef; text: string }[]>();
  for await (const log of engine.accepts.orphans()) {
    const entries: { at: EntryRef; text: string }[] = [];
    for await (const { at, bytes } of log.entries()) entries.push({ at, text: nameOf(bytes) });
    logs.set(log.from.incarnation, entries);
  }
  return logs;
}

function nameOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\.+$/, '');
}

function names(seen: ReadonlyMap<string, string>, inbox: string): string[] {
  return (seen.get(inbox) ?? '').split(' ').filter(name => name !== '');
}
