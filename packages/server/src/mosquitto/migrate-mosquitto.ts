/** Makes a data directory from a `mosquitto.db`. */
import { readFile } from 'node:fs/promises';
import { ArchiveWriter, Broker, defaultLimits } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import { fillFolder, withEngine } from '../data/data-folder.ts';
import { MosquittoDbError, readMosquittoDb } from './mosquitto-db.ts';
import {
  type ArchivedContentWithRetain,
  type LeftBehind,
  type MosquittoRecords,
  mosquittoRecords,
} from './mosquitto-records.ts';

export interface MigrateOptions {
  /** File that Mosquitto has saved; it is held in memory as a whole, at most 2 GiB. */
  readonly db: string;
  readonly dataDir: string;
  /** Whether `dataDir` may have data, which is removed then. */
  readonly replace: boolean;
}

/** What was taken over. */
export interface MigrationReport {
  readonly version: number;
  readonly counts: {
    session: number;
    subscription: number;
    /** However many sessions are to get it, a message counts once. */
    message: number;
    retained: number;
    will: number;
    /** QoS 2 messages that Mosquitto had from clients and passed on to nobody yet. */
    unpublished: number;
  };
  readonly left: readonly LeftBehind[];
}

/**
 * Takes over sessions, subscriptions, messages waiting and in flight, and retained messages.
 * @throws Error that says where the file is wrong; then `dataDir` is as it was
 */
export async function migrateMosquitto(options: MigrateOptions): Promise<MigrationReport> {
  const { db: file, dataDir, replace } = options;
  const db = parse(file, await readFile(file));
  const found = mosquittoRecords(db, systemClock.wallMs());
  const { left, unpublished } = found;
  const counts = {
    session: 0,
    subscription: 0,
    message: 0,
    retained: 0,
    will: 0,
    unpublished: unpublished.length,
  };
  await fillFolder(dataDir, replace, async staging => {
    await write(staging, found, counts);
    if (unpublished.length > 0) await publishAll(staging, unpublished);
  });
  return { version: db.version, counts, left };
}

function parse(file: string, bytes: Buffer): ReturnType<typeof readMosquittoDb> {
  try {
    return readMosquittoDb(bytes);
  } catch (error) {
    if (!(error instanceof MosquittoDbError)) throw error;
    throw new Error(`${file}, ${error.message}`, { cause: error });
  }
}

async function write(
  staging: string,
  { records }: MosquittoRecords,
  counts: Record<string, number>,
): Promise<void> {
  await withEngine(staging, async engine => {
    const writer = new ArchiveWriter(engine);
    await writer.start();
    for (const record of records) {
      await writer.add(record);
      counts[record.kind] += 1;
    }
    await writer.finish();
  });
}

/** Has a broker pass on messages to the sessions that are there, as Mosquitto would have done. */
async function publishAll(
  staging: string,
  messages: readonly ArchivedContentWithRetain[],
): Promise<void> {
  await withEngine(staging, async engine => {
    const limits = {
      ...defaultLimits,
      queueMessagesMax: 100_000_000,
      queueBytesMax: Number.MAX_SAFE_INTEGER,
      closeGraceMs: 60_000,
    };
    const broker = new Broker({ engine, limits });
    await broker.start();
    for (const { topic, payload, qos, retain, properties } of messages) {
      broker.publish(topic, payload, { qos, retain, properties });
    }
    await broker.close();
  });
}
