/**
 * One measurement of one client library, in a process of its own: `client.ts` starts it. Prints a
 * number. The libraries are driven as their documentation shows it.
 */
import type { MqttClient } from 'mqtt';

const [library, name, port, count] = process.argv.slice(2);
const url = `mqtt://127.0.0.1:${port}`;
const payload = new Uint8Array(16);
const total = Number(count);
/** Filters subscribed to at a time. */
const batch = 500;

/** What a measurement needs of a client. */
interface Driver {
  publish(topic: string, qos: 0 | 1): Promise<unknown>;
  /** Subscribes; `done` resolves once `expected` messages have come to handlers that only count. */
  receive(filters: readonly string[], expected: number): Promise<{ done: Promise<void> }>;
  close(): Promise<unknown>;
}

async function godwit(): Promise<Driver> {
  const { connect: connectGodwit } = await import('@godwit/client/node');
  const client = await connectGodwit(url);
  return {
    publish: (topic, qos) => client.publish(topic, payload, { qos }),
    async receive(filters, expected) {
      const done = Promise.withResolvers<void>();
      let seen = 0;
      const handle = (): void => {
        seen += 1;
        if (seen === expected) done.resolve();
      };
      // each filter has its own subscription, to which the client routes
      for (let at = 0; at < filters.length; at += batch) {
        const wanted = filters
          .slice(at, at + batch)
          .map(filter => client.subscribe(filter, { qos0MessagesMax: 1_000_000 }));
        for (const subscription of await Promise.all(wanted)) void subscription.each(handle);
      }
      return { done: done.promise };
    },
    close: () => client.close(),
  };
}

async function mqttJs(): Promise<Driver> {
  const { connect } = await import('mqtt');
  const client: MqttClient = connect(url, { protocolVersion: 5 });
  await new Promise<void>(resolve => client.once('connect', () => resolve()));
  return {
    publish: (topic, qos) =>
      new Promise(resolve => client.publish(topic, payload as Buffer, { qos }, resolve)),
    async receive(filters, expected) {
      const done = Promise.withResolvers<void>();
      let seen = 0;
      const handle = (): void => {
        seen += 1;
        if (seen === expected) done.resolve();
      };
      // it has no routing: a map is the least that a program needs
      const handlers = new Map(filters.map(filter => [filter, handle]));
      client.on('message', topic => handlers.get(topic)?.());
      for (let at = 0; at < filters.length; at += batch) {
        await client.subscribeAsync(filters.slice(at, at + batch));
      }
      return { done: done.promise };
    },
    close: () => client.endAsync(true),
  };
}

/** Publishes `total` messages, `window` of them unsettled. @returns messages a second */
async function publishing(driver: Driver, qos: 0 | 1, window: number): Promise<number> {
  let sent = 0;
  const began = performance.now();
  const work = async (): Promise<void> => {
    while (sent < total) {
      sent += 1;
      await driver.publish('bench/client', qos);
    }
  };
  await Promise.all(Array.from({ length: window }, work));
  return (total / (performance.now() - began)) * 1000;
}

/** @returns messages a second, from the first that is published to the last that has come */
async function receiving(driver: Driver, topics: number): Promise<number> {
  const names = Array.from({ length: topics }, (_, at) => `bench/client/${at}`);
  const { done } = await driver.receive(names, total);
  const began = performance.now();
  // another process publishes, once it is told to
  process.send?.('ready');
  await done;
  return (total / (performance.now() - began)) * 1000;
}

async function sending(driver: Driver, topics: number): Promise<number> {
  let sent = 0;
  const work = async (): Promise<void> => {
    while (sent < total) {
      sent += 1;
      await driver.publish(`bench/client/${sent % topics}`, 1);
    }
  };
  await Promise.all(Array.from({ length: 200 }, work));
  return 0;
}

async function heapBytes(driver: Driver): Promise<number> {
  await publishing(driver, 0, 1_000);
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function importMs(): Promise<number> {
  const began = performance.now();
  await import(library === 'godwit' ? '@godwit/client/node' : 'mqtt');
  return performance.now() - began;
}

const measurements: Readonly<Record<string, (driver: Driver) => Promise<number>>> = {
  'publish-qos0': driver => publishing(driver, 0, 1_000),
  'publish-qos1-1': driver => publishing(driver, 1, 1),
  'publish-qos1-16': driver => publishing(driver, 1, 16),
  'publish-qos1-256': driver => publishing(driver, 1, 256),
  'receive-1': driver => receiving(driver, 1),
  'receive-10000': driver => receiving(driver, 10_000),
  'send-1': driver => sending(driver, 1),
  'send-10000': driver => sending(driver, 10_000),
  heap: heapBytes,
};

if (name === 'import') console.log(await importMs());
else {
  const driver = await (library === 'godwit' ? godwit() : mqttJs());
  console.log(await measurements[name](driver));
  await driver.close();
  process.disconnect?.();
}
