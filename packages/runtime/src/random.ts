/**
 * Randomness as the rest of Godwit sees it: handed in, so that a seed reproduces a run.
 */

/** A source of random numbers. */
export interface Random {
  /** A uniformly distributed integer from 0 to 2^32-1. */
  uint32(): number;
  /** `length` random bytes; `length` is 0 to 65,536. */
  bytes(length: number): Uint8Array;
}

/** The system's cryptographic source. */
export const systemRandom: Random = {
  uint32: () => crypto.getRandomValues(new Uint32Array(1))[0],
  bytes: length => crypto.getRandomValues(new Uint8Array(length)),
};
