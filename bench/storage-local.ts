/**
 * The storage engine on files: entries of 150 bytes accepted with so many outstanding, tables put to
 * likewise, beside node:sqlite in the same run; and a million queued entries: offered, read back
 * from memory and from the disk, loaded by the next run, and let go of.
 *
 *     node --conditions=godwit-source bench/storage-local.ts [directory]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@godwit/runtime';
import { DataDirectory, LocalEngine, NodeDisk } from '@godwit/storage-local';
import { table } from './report.ts';

const outstanding = [1, 16, 256, 2048];
const roundMs = 2000;
const entry = new Uint8Array(150).fill(0x61);
const queued = 1_000_000;
const burst = 20_000;

interface Figures {
  readonly perSecond: number;
  readonly cpuMicros: number;
  readonly p99Ms: number;
}

/** Runs `round` until time is up; it tells of each batch that is durable. */
async function measure(
  run: (onDone: (count: number, sinceMs: number) => void, isOver: () => boolean) => Promise<void>,
): Promise<Figures> {
  const latency: RecordableHistogram = createHistogram();
  const cpu = process.cpuUsage();
  const start = performance.now();
  let entries = 0;
  await run(
    (count, sinceMs) => {
      entries += count;
      latency.record(Math.max(1, Math.round((performance.now() - sinceMs) * 1000)));
    },
    () => performance.now() - start > roundMs,
  );
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (entries / elapsedMs) * 1000,
    cpuMicros: (user + system) / entries,
    p99Ms: latency.percentile(99) / 1000,
  };
}

/** So many are always on their way; each is let go of when it is durable. */
function acceptFigures({ accepts }: LocalEngine, count: number): Promise<Figures> {
  return measure(async (onDone, isOver) => {
    const ended = Promise.withResolvers<void>();
    let next = 0;
    let last = 0;
    let sinceMs = performance.now();
    const offer = (): void => {
      last = accepts.offer(entry, 0, entry.length, 1);
      if (next === 0) next = last;
    };
    accepts.onAccepted(upTo => {
      const accepted = upTo - next + 1;
      onDone(accepted, sinceMs);
      sinceMs = performance.now();
      const over = isOver();
      for (; next <= upTo; next += 1) {
        accepts.release(next);
        if (!over) offer();
      }
      if (over && upTo === last) ended.resolve();
    });
    for (let n = 0; n < count; n += 1) offer();
    await ended.promise;
  });
}

function tableFigures(engine: LocalEngine, count: number): Promise<Figures> {
  return measure(async (onDone, isOver) => {
    const put = async (topic: string): Promise<void> => {
      while (!isOver()) {
        const since = performance.now();
        await engine.retained.put(topic, entry);
        onDone(1, since);
      }
    };
    await Promise.all(Array.from({ length: count }, (_, n) => put(`site/north/device/${n}`)));
  });
}

/** One commit puts `count` rows and deletes `count` older ones. */
function sqliteFigures(database: DatabaseSync, count: number): Promise<Figures> {
  const insert = database.prepare('INSERT INTO entries (id, bytes) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM entries WHERE id < ?');
  let id = 1;
  return measure(async (onDone, isOver) => {
    while (!isOver()) {
      const since = performance.now();
      database.exec('BEGIN');
      for (let n = 0; n < count; n += 1) insert.run(id + n, entry);
      remove.run(id);
      id += count;
      database.exec('COMMIT');
      onDone(count, since);
    }
    database.exec('DELETE FROM entries');
  });
}

/** As above with one table of keys, each put replacing what its key had. */
function sqliteTableFigures(database: DatabaseSync, count: number): Promise<Figures> {
  const put = database.prepare('INSERT OR REPLACE INTO retained (topic, bytes) VALUES (?, ?)');
  return measure(async (onDone, isOver) => {
    while (!isOver()) {
      const since = performance.now();
      database.exec('BEGIN');
      for (let n = 0; n < count; n += 1) put.run(`site/north/device/${n}`, entry);
      database.exec('COMMIT');
      onDone(count, since);
    }
  });
}

function openSqlite(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE entries (id INTEGER PRIMARY KEY, bytes BLOB)');
  database.exec('CREATE TABLE retained (topic TEXT PRIMARY KEY, bytes BLOB) WITHOUT ROWID');
  return database;
}

interface Opened {
  readonly engine: LocalEngine;
  readonly data: DataDirectory;
  readonly found: number[];
}

async function openEngine(path: string): Promise<Opened> {
  const data = await DataDirectory.open(await NodeDisk.open(path));
  const engine = new LocalEngine({ clock: systemClock, data });
  const found: number[] = [];
  await engine.start();
  await engine.accepts.load({ entry: at => found.push(at) && 1, mark: () => {} });
  return { engine, data, found };
}

/** Offers a million entries that stay; gives their positions and the time of one offer. */
async function queue({ accepts }: LocalEngine): Promise<{ found: number[]; offerMicros: number }> {
  const found: number[] = [];
  let offerMs = 0;
  while (found.length < queued) {
    const accepted = Promise.withResolvers<void>();
    const start = performance.now();
    for (let n = 0; n < burst; n += 1) found.push(accepts.offer(entry, 0, entry.length, 1));
    offerMs += performance.now() - start;
    accepts.onAccepted(upTo => {
      if (upTo === found[found.length - 1]) accepted.resolve();
    });
    await accepted.promise;
  }
  return { found, offerMicros: (offerMs / queued) * 1000 };
}

/** Reads the entries in order; gives how many a second. */
async function drain(engine: LocalEngine, found: readonly number[]): Promise<number> {
  const start = performance.now();
  let bytes = 0;
  for (const at of found) {
    const read = engine.accepts.read(at);
    bytes += (read instanceof Uint8Array ? read : await read).length;
  }
  if (bytes !== found.length * entry.length) throw new Error(`${bytes} bytes were read`);
  return (found.length / (performance.now() - start)) * 1000;
}

async function queueFigures(path: string): Promise<string[][]> {
  const rows: string[][] = [];
  const first = await openEngine(path);
  const { found, offerMicros } = await queue(first.engine);
  rows.push(['one offer, µs', offerMicros.toFixed(2)]);
  // The cache has what was written last: less than half of all.
  const warm = found.slice(-queued / 4);
  rows.push(['read from memory, a second', (await drain(first.engine, warm)).toFixed(0)]);
  await first.engine.kill();
  first.data.close();
  const start = performance.now();
  const next = await openEngine(path);
  rows.push(['start and load, ms', (performance.now() - start).toFixed(0)]);
  if (next.found.length !== queued) throw new Error(`${next.found.length} entries were found`);
  rows.push(['read from files, a second', (await drain(next.engine, next.found)).toFixed(0)]);
  const releasing = performance.now();
  for (const at of next.found) next.engine.accepts.release(at);
  rows.push(['one release, µs', (((performance.now() - releasing) / queued) * 1000).toFixed(2)]);
  await next.engine.stop(10_000);
  next.data.close();
  return rows;
}

function row(name: string, count: number, { perSecond, cpuMicros, p99Ms }: Figures): string[] {
  return [name, `${count}`, perSecond.toFixed(0), cpuMicros.toFixed(2), p99Ms.toFixed(2)];
}

const path = await mkdtemp(join(process.argv[2] ?? tmpdir(), 'godwit-bench-'));
try {
  const { engine, data } = await openEngine(join(path, 'engine'));
  const database = openSqlite(join(path, 'sqlite'));
  await acceptFigures(engine, 256);
  const rows: string[][] = [];
  for (const count of outstanding) {
    rows.push(row('accept log', count, await acceptFigures(engine, count)));
    rows.push(row('node:sqlite, put and delete', count, await sqliteFigures(database, count)));
    rows.push(row('table', count, await tableFigures(engine, count)));
    rows.push(row('node:sqlite, replace', count, await sqliteTableFigures(database, count)));
  }
  table(['store', 'outstanding', 'a second', 'CPU µs each', 'p99 ms'], rows);
  await engine.stop(10_000);
  data.close();
  database.close();
  console.log('');
  table([`${queued.toLocaleString('en')} queued entries`, ''], await queueFigures(join(path, 'q')));
} finally {
  await rm(path, { recursive: true });
}
