/**
 * One life of a data directory, from one seed: runs that do whatever chance decides, each ended by a
 * crash or a power cut at any call of the disk, in recovery too; after each the next run must find
 * what it may find and nothing else.
 */

import assert from 'node:assert/strict';
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
const TABLES = ['sessions', 'subscriptions', 'retained', 'wills'] as const;

const limits = {
  acceptBytesMax: 64 * 1024,
  entryBytesMax: 8 * 1024,
  cacheBytesMax: 0,
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

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#disk = new SimulatedDisk({ random: this.#random, clock: this.#clock });
  }

  async round(): Promise<void> {
    const engine = await this.#recover();
    this.#disk.latencyMaxMs = this.#random.int(0, 3);
    this.#disk.crashingCall = this.#disk.calls + this.#random.int(1, 250);
    if (this.#random.chance(0.2)) {
      this.#disk.failingCall = this.#disk.calls + this.#random.int(1, 100);
    }
    const steps = this.#random.int(1, STEPS_MAX);
    for (let step = 0; step < steps && !this.#dead; step += 1) {
      await this.#step(engine);
      if (this.#random.chance(0.4)) await this.#clock.advance(this.#random.chance(0.1) ? 200 : 1);
    }
    if (!this.#dead && this.#random.chance(0.2)) await this.#finish(engine.stop(50));
    void engine.kill();
    this.#end();
  }

  /** Opens the next run and checks what it finds; on the way it may crash again. */
  async #recover(): Promise<LocalEngine> {
    this.#disk.latencyMaxMs = 0;
    this.#disk.bytesMax = Number.POSITIVE_INFINITY;
    for (let tries = this.#random.int(0, 2); ; tries -= 1) {
      this.#dead = false;
      this.#disk.onCrash = () => {
        this.#dead = true;
        void this.#engine?.kill();
      };
      if (tries > 0) this.#disk.crashingCall = this.#disk.calls + this.#random.int(1, 40);
      const started = await this.#finish(this.#start());
      this.#disk.crashingCall = Number.POSITIVE_INFINITY;
      if (started !== null) return started;
      this.#end();
    }
  }

  async #start(): Promise<LocalEngine> {
    const data = await DataDirectory.open(this.#disk);
    const engine = new LocalEngine({ clock: this.#clock, data, limits, random: this.#random });
    this.#engine = engine;
    engine.accepts.onAccepted(upTo => {
      assert.ok(!this.#dead, 'a dead engine calls nobody');
      this.#accepts.accepted(upTo);
    });
    engine.accepts.onMark((key, into) => {
      const value = this.#accepts.valueOf(key);
      return new TextEncoder().encodeInto(value, into).written;
    });
    await engine.start();
    const entries = new Map<number, string>();
    const marks = new Map<number, string>();
    await engine.accepts.load({
      entry: (at, bytes) => {
        assert.ok(!entries.has(at), 'each entry once');
        entries.set(at, nameOf(bytes));
        return 1;
      },
      mark: (key, bytes) => void marks.set(key, nameOf(bytes)),
    });
    const found = { entries, marks };
    assert.equal(this.#accepts.judge(found), null);
    const seen = await see(engine);
    assert.equal(this.#state.judge(seen), null);
    // What was seen is not lost again, whatever happens now.
    this.#accepts.settle(found);
    this.#state.settle(seen);
    for (const { at, text } of this.#accepts.held) {
      assert.equal(nameOf(await engine.accepts.read(at)), text);
    }
    return engine;
  }

  #end(): void {
    if (this.#random.chance(0.7)) this.#disk.powerCut();
    else this.#disk.crash();
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
    if (dice < 35) this.#offer(engine);
    else if (dice < 50) this.#release(engine);
    else if (dice < 55) await this.#read(engine);
    else if (dice < 70) this.#mark(engine);
    else if (dice < 75) engine.accepts.settle(this.#settling());
    else if (dice < 97) this.#put(engine);
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

  #offer(engine: LocalEngine): void {
    for (let count = this.#random.int(1, 4); count > 0; count -= 1) {
      const { name, bytes } = this.#text();
      const at = engine.accepts.offer(bytes, 0, bytes.length, 1);
      if (at > 0) this.#accepts.offer(at, name);
    }
  }

  #release(engine: LocalEngine): void {
    for (const { at } of this.#accepts.held) {
      if (!this.#random.chance(0.5)) continue;
      engine.accepts.release(at);
      this.#accepts.release(at);
    }
  }

  async #read(engine: LocalEngine): Promise<void> {
    const { held } = this.#accepts;
    if (held.length === 0) return;
    const { at, text } = this.#random.pick(held);
    const read = Promise.resolve(engine.accepts.read(at)).catch(() => null);
    const bytes = await this.#finish(read);
    if (bytes !== null) assert.equal(nameOf(bytes), text);
  }

  #mark(engine: LocalEngine): void {
    const key = this.#random.int(1, 4);
    if (this.#random.chance(0.2)) {
      this.#accepts.mark(key, null);
      engine.accepts.forget(key);
      return;
    }
    this.#names += 1;
    this.#accepts.mark(key, `m${this.#names}`);
    engine.accepts.touch(key);
  }

  #settling(): () => void {
    const settled = this.#accepts.settling();
    return () => {
      assert.ok(!this.#dead, 'a dead engine calls nobody');
      settled();
    };
  }

  #put(engine: LocalEngine): void {
    const key = this.#random.pick(KEYS);
    const table = this.#random.pick(TABLES);
    const { name, bytes } = this.#text();
    const removing = this.#random.chance(0.25);
    this.#state.track(
      `${table} ${key} ${name}`,
      !removing,
      seen => void seen.set(`${table} ${key}`, removing ? '' : name),
      engine[table].put(key, removing ? null : bytes),
    );
  }
}

async function see(engine: LocalEngine): Promise<Seen> {
  const seen: Record<string, string> = {};
  for (const table of TABLES) {
    for await (const { key, bytes } of engine[table].load())
      seen[`${table} ${key}`] = nameOf(bytes);
  }
  return seen;
}

function nameOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\.+$/, '');
}
