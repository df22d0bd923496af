/** What the contract suite needs to know of an engine, and the few steps its tests are made of. */

import assert from 'node:assert/strict';
import type { Clock } from '@godwit/runtime';
import type { Engine, EngineHealth } from '../engine.ts';
import type { EngineErrorCode } from '../engine-error.ts';
import type { Table } from '../table.ts';
import type { LogUser } from './log-user.ts';

/** A new engine over no data, and the hands that move its world. */
export interface EngineUnderTest {
  /** Not started. Its accept log is to be bounded, by at most 64 MiB. */
  readonly engine: Engine;
  /** The engine's clock; `defer` goes on by itself, all else only with `advance`. */
  readonly clock: Clock;
  /** Moves the clock on by `ms`; resolves when what was due has been called. */
  advance(ms: number): Promise<void>;
  /** Lets no write finish for the next `ms` of the clock. */
  stall(ms: number): void;
  /**
   * Ends the newest engine as a power cut does, while it does whatever it does, and gives the next
   * one over the same data, not started.
   */
  crash(): Promise<Engine>;
  /** Another engine over the same data, not started, while the newest lives on. */
  another(): Promise<Engine>;
  /** Stops every engine it has given and frees what they hold. */
  close(): Promise<void>;
}

/** Makes a new subject for one test. */
export type OpenEngine = () => Promise<EngineUnderTest>;

/** One test, on a started engine that is closed afterwards. */
export type Check = (user: LogUser, subject: EngineUnderTest) => Promise<void>;

/** Tests by what they find true. */
export type Checks = Readonly<Record<string, Check>>;

/** The bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of bytes. */
export function text(from: Uint8Array): string {
  return new TextDecoder().decode(from);
}

/** A table's keys and values, as texts. */
export async function contentOf(table: Table): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for await (const entry of table.load()) content[entry.key] = text(entry.bytes);
  return content;
}

/** Resolves when the engine reports `health`. Ask before it can happen. */
export function healthOf(engine: Engine, health: EngineHealth): Promise<void> {
  return new Promise(resolve => {
    engine.onHealth(now => {
      if (now === health) resolve();
    });
  });
}

/** Asserts that the promise rejects with an `EngineError` of this code. */
export async function failsWith(code: EngineErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, { name: 'EngineError', code });
}

/** `length` bytes that differ from place to place. */
export function pattern(length: number): Uint8Array {
  const made = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) made[at] = (at * 31 + (at >>> 8)) & 0xff;
  return made;
}

export const MIB: number = 1024 * 1024;
