/**
 * Reads the data of a stopped broker from end to end and changes nothing. What is damaged is noted,
 * and reading goes on behind it as far as it can.
 */

import { EngineError } from '@godwit/storage';
import { checkSuperblock } from '../data-directory.ts';
import type { Disk } from '../disk/disk.ts';
import { diskFailure } from '../disk/disk-failure.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../log/log-format.ts';
import { listLogs, segmentName } from '../log/segment-files.ts';
import { type FoundRecord, measureSegment, recordsIn } from '../log/segment-scan.ts';

/** Something that is not as it was written. */
export interface DataProblem {
  readonly file: string;
  /** Byte of the file. */
  readonly offset: number;
  readonly what: string;
}

/** A file of a log. */
export interface ScannedSegment {
  readonly file: string;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes written to it; the rest is made ready. */
  readonly bytes: number;
  readonly records: number;
}

/** What a whole directory is like. */
export interface ScannedData {
  /** By log. */
  readonly segments: ReadonlyMap<string, readonly ScannedSegment[]>;
  readonly problems: readonly DataProblem[];
}

/** Hears each good record; `bodyAddress` tells it from all others of its log. */
export type OnRecord = (log: string, record: FoundRecord, bodyAddress: number) => void;

/**
 * Locks the directory, reads everything, and lets it go. Rejects with `EngineError` only when it is
 * in use, of another format, or the disk fails: damage is told.
 */
export async function scanData(disk: Disk, onRecord: OnRecord): Promise<ScannedData> {
  const unlock = await disk.lock();
  try {
    const problems: DataProblem[] = [];
    await checkSuperblock(disk).catch(error => {
      if (error instanceof EngineError && error.code === 'corrupt') {
        problems.push({ file: 'godwit.json', offset: 0, what: error.message });
      } else {
        throw error;
      }
    });
    const segments = new Map<string, ScannedSegment[]>();
    for (const [log, numbers] of await listLogs(disk)) {
      const scan = new LogScan(disk, log, problems, onRecord);
      segments.set(log, await scan.run(numbers));
    }
    return { segments, problems };
  } catch (error) {
    throw diskFailure(error);
  } finally {
    unlock();
  }
}

/** A file in memory, with what its header says. */
interface LoadedFile {
  readonly number: number;
  readonly content: Buffer;
  readonly header: ReturnType<typeof decodeSegmentHeader>;
}

class LogScan {
  readonly #disk: Disk;
  readonly #log: string;
  readonly #problems: DataProblem[];
  readonly #onRecord: OnRecord;

  constructor(disk: Disk, log: string, problems: DataProblem[], onRecord: OnRecord) {
    this.#disk = disk;
    this.#log = log;
    this.#problems = problems;
    this.#onRecord = onRecord;
  }

  async run(numbers: readonly number[]): Promise<ScannedSegment[]> {
    const found: ScannedSegment[] = [];
    let next = numbers.length > 0 ? await this.#load(numbers[0]) : null;
    for (let index = 0; next !== null; index += 1) {
      const file: LoadedFile = next;
      next = index + 1 < numbers.length ? await this.#load(numbers[index + 1]) : null;
      found.push(this.#scan(file, next));
    }
    return found;
  }

  async #load(number: number): Promise<LoadedFile> {
    const file = await this.#disk.open(segmentName(this.#log, number), false);
    try {
      const bytes = Buffer.allocUnsafeSlow(await file.size());
      const content = bytes.subarray(0, await file.read(bytes, 0));
      const header = decodeSegmentHeader(content.subarray(0, SEGMENT_HEADER_BYTES));
      return { number, content, header };
    } finally {
      await file.close();
    }
  }

  #scan({ number, content, header }: LoadedFile, next: LoadedFile | null): ScannedSegment {
    const file = segmentName(this.#log, number);
    const size = content.length;
    if (header === null) {
      const unused = content.subarray(SEGMENT_HEADER_BYTES).every(byte => byte === 0);
      if (!unused) this.#note(file, 0, 'no header of a segment');
      return { file, size, bytes: 0, records: 0 };
    }
    const expectedEnd = next?.header?.previousEnd ?? null;
    const { end, damaged } = measureSegment(content, header.salt, expectedEnd);
    if (damaged) this.#note(file, end, 'no good record where one was written');
    if (next?.header && next.number !== number + 1) {
      this.#note(segmentName(this.#log, number + 1), 0, 'it is missing');
    } else if (next?.header && !damaged && next.header.base !== header.base + end) {
      this.#note(segmentName(this.#log, next.number), 0, 'it does not follow the file before');
    }
    let records = 0;
    for (const record of recordsIn(content, header.salt, SEGMENT_HEADER_BYTES, end)) {
      records += 1;
      this.#onRecord(this.#log, record, header.base + record.bodyAt);
    }
    return { file, size, bytes: end, records };
  }

  #note(file: string, offset: number, what: string): void {
    this.#problems.push({ file, offset, what });
  }
}
