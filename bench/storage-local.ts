/**
 * The storage engine on files beside node:sqlite in the same run: entries of 128 bytes accepted and
 * released, synced before they count, with so many outstanding; the same for keyed state; and how
 * long a restart takes with a million entries left.
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
const entry = new Uint8Array(128).fill(0x61);
const recoveredEntries = 1_000_000;

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

function acceptFigures(engine: LocalEngine, count: number): Promise<Figures> {
  return measure(async (onDone, isOver) => {
    let open = 0;
    const ended = Promise.withResolvers<void>();
    const offer = (): void => {
      const since = performance.now();
      open += 1;
      engine.accepts.offer(entry, (error, at) => {
        if (error !== null) throw error;
        engine.accepts.release(at);
        onDone(1, since);
        open -= 1;
        if (!isOver()) offer();
        else if (open === 0) ended.resolve();
      });
    };
    for (let n = 0; n < count; n += 1) offer();
    await ended.promise;
  });
}

function stateFigures(engine: LocalEngine, count: number): Promise<Figures> {
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
function sqliteStateFigures(database: DatabaseSync, count: number): Promise<Figures> {
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

async function openEngine(path: string): Promise<{ engine: LocalEngine; data: DataDirectory }> {
  const data = await DataDirectory.open(await NodeDisk.open(path));
  const engine = new LocalEngine({ clock: systemClock, data });
  await engine.start();
  return { engine, data };
}

/** Milliseconds of starting, and of reading all entries, with a million left. */
async function recoveryFigures(path: string): Promise<{ startMs: number; readMs: number }> {
  const { engine, data } = await openEngine(path);
  await new Promise<void>((resolve, reject) => {
    for (let n = 1; n <= recoveredEntries; n += 1) {
      engine.accepts.offer(entry, (error, _at) => {
        if (error !== null) reject(error);
        else if (n === recoveredEntries) resolve();
      });
    }
  });
  engine.kill();
  await engine.fence();
  await data.close();
  const start = performance.now();
  const next = await openEngine(path);
  const started = performance.now();
  let found = 0;
  for await (const log of next.engine.accepts.orphans()) {
    for await (const { bytes } of log.entries()) found += bytes.length === entry.length ? 1 : 0;
  }
  const read = performance.now();
  if (found !== recoveredEntries) throw new Error(`${found} entries were found`);
  next.engine.kill();
  await next.data.close();
  return { startMs: started - start, readMs: read - started };
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
    rows.push(row('state log', count, await stateFigures(engine, count)));
    rows.push(row('node:sqlite, replace', count, await sqliteStateFigures(database, count)));
  }
  table(['store', 'outstanding', 'a second', 'CPU µs each', 'p99 ms'], rows);
  await engine.stop(10_000);
  await data.close();
  database.close();
  const { startMs, readMs } = await recoveryFigures(join(path, 'recovery'));
  const entries = recoveredEntries.toLocaleString('en');
  console.log(`\nstart with ${entries} entries left: ${startMs.toFixed(0)} ms,`);
  console.log(`reading them all: ${readMs.toFixed(0)} ms`);
} finally {
  await rm(path, { recursive: true });
}
