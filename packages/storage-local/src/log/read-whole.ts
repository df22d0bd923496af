/** Reads a finished segment back and checks it: what is moved on must be what was written. */

import { EngineError } from '@godwit/storage';
import type { Segment } from './segment.ts';
import { measureSegment } from './segment-scan.ts';

/** All bytes of a segment up to its end. Rejects with `EngineError`, `corrupt`. */
export async function readWhole(segment: Segment): Promise<Buffer> {
  segment.pin();
  try {
    const bytes = await segment.read(0, segment.end);
    const { damaged, end } = measureSegment(bytes, segment.salt, segment.end);
    if (!damaged) return bytes;
    throw new EngineError('corrupt', `${segment.name} is damaged at byte ${end}`);
  } finally {
    segment.unpin();
  }
}
