/** Copying a range of bytes the cheapest way for its length. */

/** Below this many bytes a loop beats making a view for `set` (measured on Node 24). */
const loopBytesMax = 48;

/** Copies `from[start..end)` to `into[at…)`; the ranges must not overlap. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): void {
  if (end - start <= loopBytesMax) {
    for (let i = start, j = at; i < end; i += 1, j += 1) into[j] = from[i];
  } else {
    into.set(start === 0 && end === from.length ? from : from.subarray(start, end), at);
  }
}
