/**
 * A queue of jobs, shared by workers: each job goes to one of them, and is acknowledged once it is
 * done. Jobs of one customer stay in order.
 *
 *     node examples/work-queue.ts [mqtt://127.0.0.1:1883]
 */
import { connect } from '@godwit/client/node';

const url = process.argv[2] ?? 'mqtt://127.0.0.1:1883';
const jobs = Array.from({ length: 20 }, (_, number) => ({ customer: number % 3, number }));
const done = new Map<number, string>();
const all = Promise.withResolvers<void>();

async function startWorker(name: string): Promise<AsyncDisposable> {
  const client = await connect(url, { receiveMaximum: 5 });
  const queue = await client.subscribe('jobs/#', { qos: 1, share: 'workers' });
  const working = queue.each(
    job => {
      const { number } = job.json<{ number: number }>();
      done.set(number, name);
      if (done.size === jobs.length) all.resolve();
    },
    { concurrency: 4, keyBy: job => job.topic, onError: () => 'nack' },
  );
  return {
    async [Symbol.asyncDispose]() {
      await client.close();
      await working;
    },
  };
}

await using _first = await startWorker('first');
await using _second = await startWorker('second');
await using boss = await connect(url);
for (const job of jobs) {
  await boss.publish(`jobs/customer-${job.customer}`, JSON.stringify(job), { qos: 1 });
}
await all.promise;
console.log(`${done.size} jobs done by ${new Set(done.values()).size} workers`);
