/**
 * A server for the benchmark of hostile clients. When it is told to stop it writes down what it
 * counted, and how much memory it had second by second, which nobody else can see.
 *
 *   node --conditions=godwit-source bench/hostile-server.ts <configuration> <file for the counts>
 */
import { writeFile } from 'node:fs/promises';
import { loadConfig, Server } from '@godwit/server';

export interface Observed {
  readonly counts: Readonly<Record<string, number>>;
  /** Resident memory in bytes, once a second. */
  readonly memory: readonly number[];
}

const [file, countsFile] = process.argv.slice(2);
const server = await Server.start(await loadConfig({ file }), process.stderr);
await server.log.open();
const memory: number[] = [];
const timer = setInterval(() => memory.push(process.memoryUsage.rss()), 1000);

async function stop(): Promise<void> {
  clearInterval(timer);
  const observed: Observed = { counts: { ...server.broker.metrics }, memory };
  await writeFile(countsFile, JSON.stringify(observed));
  await server.close();
  process.exit();
}

process.once('SIGTERM', () => void stop());
