/** What can be done with the data of a server that is stopped: count, check, compact, copy. */
import { type ArchivedTarget, ArchiveWriter, readArchive } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import {
  type Compacted,
  compactData,
  DATA_FORMAT,
  type DataProblem,
  type DataReport,
  inspectData,
  verifyData,
} from '@godwit/storage-local';
import { ArchiveError, archiveLines, archiveRecords } from './archive-lines.ts';
import { fillFolder, noLimits, openDisk, withEngine } from './data-folder.ts';

/** What a session is to get. */
export interface QueueReport {
  readonly clientId: string;
  /** Messages that were not sent yet. */
  waiting: number;
  /** Messages that were sent and not acknowledged, and PUBRELs that are owed. */
  inFlight: number;
  /** Of the payloads of both. */
  payloadBytes: number;
}

/** What a directory holds. */
export interface StoreReport {
  readonly format: number;
  readonly counts: {
    session: number;
    subscription: number;
    /** However many sessions are to get it, a message counts once. */
    message: number;
    retained: number;
    will: number;
  };
  /** Sessions with the most messages first. */
  readonly queues: readonly QueueReport[];
  readonly files: Pick<DataReport, 'accepts' | 'state'>;
}

/** The data is damaged. */
export class DamageError extends Error {
  override readonly name: string = 'DamageError';
  readonly problems: readonly DataProblem[];

  constructor(path: string, problems: readonly DataProblem[]) {
    super(
      `${path} is damaged in ${problems.length === 1 ? 'a place' : `${problems.length} places`}`,
    );
    this.problems = problems;
  }
}

/**
 * Counts what is in `path`.
 * @param queuesMax of the sessions with the longest queues
 * @throws DamageError when not all of it can be read
 */
export async function inspectStore(path: string, queuesMax: number): Promise<StoreReport> {
  const { accepts, state, problems } = await inspectData(await openDisk(path));
  if (problems.length > 0) throw new DamageError(path, problems);
  const counts = { session: 0, subscription: 0, message: 0, retained: 0, will: 0 };
  const queues = new Map<string, QueueReport & { readonly sentUpTo: number }>();
  await withEngine(path, async engine => {
    await engine.start();
    for await (const record of readArchive(engine)) {
      counts[record.kind] += 1;
      if (record.kind === 'session') {
        const { clientId, sentUpTo, received } = record;
        queues.set(clientId, {
          clientId,
          waiting: 0,
          inFlight: received.length,
          payloadBytes: 0,
          sentUpTo,
        });
      } else if (record.kind === 'message') {
        for (const target of record.targets) countIn(queues, target, record.payload.length);
      }
    }
  });
  const longest = [...queues.values()]
    .map(({ sentUpTo: _, ...queue }) => queue)
    .filter(({ waiting, inFlight }) => waiting + inFlight > 0)
    .sort((a, b) => b.waiting + b.inFlight - a.waiting - a.inFlight)
    .slice(0, queuesMax);
  return { format: DATA_FORMAT, counts, queues: longest, files: { accepts, state } };
}

function countIn(
  queues: ReadonlyMap<string, QueueReport & { readonly sentUpTo: number }>,
  { clientId, number }: ArchivedTarget,
  payloadBytes: number,
): void {
  const queue = queues.get(clientId);
  if (queue === undefined) return;
  if (number > queue.sentUpTo) queue.waiting += 1;
  else queue.inFlight += 1;
  queue.payloadBytes += payloadBytes;
}

/** Reads all files in `path`. @throws DamageError when something is not as it was written */
export async function verifyStore(path: string): Promise<void> {
  const problems = await verifyData(await openDisk(path));
  if (problems.length > 0) throw new DamageError(path, problems);
}

/** Makes the files in `path` as small as what they hold. */
export async function compactStore(path: string): Promise<Compacted> {
  return compactData(await openDisk(path), systemClock, noLimits);
}

/** Hands the lines of an archive of all that is in `path` to `write`, one by one. */
export async function exportStore(
  path: string,
  write: (line: string) => void | Promise<void>,
): Promise<void> {
  await openDisk(path);
  await withEngine(path, async engine => {
    await engine.start();
    for await (const line of archiveLines(readArchive(engine))) await write(line);
  });
}

/**
 * Makes the data in `path` from the lines of an archive.
 * @param replace whether `path` may have data, which is removed then
 * @returns records that were taken
 * @throws ArchiveError for the first line that is wrong; then `path` is as it was
 */
export async function importStore(
  path: string,
  lines: AsyncIterable<Uint8Array>,
  replace: boolean,
): Promise<number> {
  let count = 0;
  await fillFolder(path, replace, staging =>
    withEngine(staging, async engine => {
      const writer = new ArchiveWriter(engine);
      await writer.start();
      for await (const [line, record] of archiveRecords(lines)) {
        try {
          await writer.add(record);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          throw new ArchiveError(line, error.message, { cause: error });
        }
        count += 1;
      }
      await writer.finish();
    }),
  );
  return count;
}
