/** One will from CONNECT to its end: whether it may be seen, and from when on it has to be. */
import type { Published } from './published.ts';
import type { SessionModel } from './session-model.ts';

export class WillModel {
  readonly message: Published;
  readonly session: SessionModel;
  readonly delaySeconds: number;
  /** Of the last thing that happened to it: what a crash may undo for a while. */
  changedMs: number;
  /** Its connection is over, and it is published by then; infinite before. */
  dueMs: number;
  /** It may be published from then on. */
  fromMs: number;
  /** It has been published, or taken back. */
  isOver: boolean;

  constructor(message: Published, session: SessionModel, delaySeconds: number, nowMs: number) {
    this.message = message;
    this.session = session;
    this.delaySeconds = delaySeconds;
    this.changedMs = nowMs;
    this.dueMs = Number.POSITIVE_INFINITY;
    this.fromMs = Number.POSITIVE_INFINITY;
    this.isOver = false;
  }

  /** Its connection is over without a goodbye, at that time. */
  await(nowMs: number, expirySeconds: number): void {
    this.dueMs = nowMs + Math.min(this.delaySeconds, expirySeconds) * 1000;
    // After a crash the broker may still know of an earlier time.
    this.fromMs = Math.min(this.fromMs, this.dueMs);
    this.changedMs = nowMs;
  }

  /** It is taken back. */
  discard(nowMs: number): void {
    this.message.isOff = true;
    this.isOver = true;
    this.changedMs = nowMs;
  }

  /**
   * The broker has crashed. @param isSettled what happened to it has been on the disk for a while
   */
  crash(isSettled: boolean): void {
    if (this.isOver && isSettled) return;
    // It may be published once more, or after all.
    this.message.copies += 1;
    this.message.origins.add({});
    this.message.isOff = false;
    // Without its record nobody has to know of it.
    this.isOver = !isSettled;
    this.dueMs = Number.POSITIVE_INFINITY;
  }
}
