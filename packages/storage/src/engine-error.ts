/** How a storage engine fails: one error class, one closed list of codes. */

/**
 * Why an engine did not do what it was asked.
 *
 * - `full`: a bound or the medium is reached. Nothing was stored; try again when room was made.
 * - `io`: the medium failed. Final: the engine stops, and what it was writing may or may not be
 *   found by the next run.
 * - `closed`: the engine is not started yet, or is stopped. As with `io`, a write that was under
 *   way when it stopped may or may not be found.
 * - `corrupt`: what is stored is not what was written; the message says where. Nothing is skipped:
 *   the engine does not start, or stops.
 * - `locked`: another process uses the data.
 * - `version`: the data is in a format that this program does not know.
 */
export type EngineErrorCode = 'full' | 'io' | 'closed' | 'corrupt' | 'locked' | 'version';

/** What engines reject with and hand to `done`; nothing else. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
