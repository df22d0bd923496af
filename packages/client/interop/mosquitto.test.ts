/**
 * The client against Debian's mosquitto: real sockets, a server that others wrote. Skipped where it
 * is not installed, but not in CI.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '@godwit/runtime';
import { freePort } from '@godwit/testkit/free-port';
import type { Client, ClientOptions, Message, Subscription } from '../src/index.ts';
import { connect, createClient } from '../src/node.ts';

const binary = ['mosquitto', '/usr/sbin/mosquitto'].find(
  path => spawnSync(path, ['-h']).error === undefined,
);
const versions = [3, 4, 5] as const;
const timeoutMs = 10_000;

function skip(): string | false {
  return binary === undefined && process.env.CI === undefined
    ? 'mosquitto is not installed'
    : false;
}

describe('mosquitto', { skip: skip(), concurrency: false }, () => {
  let folder = '';
  let process: ChildProcess;
  let url = '';

  before(async () => {
    assert.ok(binary !== undefined, 'mosquitto is not installed');
    folder = await mkdtemp(join(tmpdir(), 'godwit-interop-'));
    const port = await freePort();
    url = `mqtt://127.0.0.1:${port}`;
    const config = join(folder, 'mosquitto.conf');
    await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
    process = spawn(binary, ['-c', config], { stdio: 'ignore' });
    await reachable(url, process);
  });

  after(async () => {
    if (process.exitCode === null && process.kill()) await once(process, 'exit');
    await rm(folder, { recursive: true, force: true });
  });

  for (const protocolVersion of versions) {
    const open = (options: ClientOptions = {}): Promise<Client> =>
      connect(url, { protocolVersion, timeoutMs, ...options });

    for (const qos of [0, 1, 2] as const) {
      test(`version ${protocolVersion}, QoS ${qos}: published and received`, async () => {
        await using publisher = await open();
        await using client = await open();
        const topic = `interop/${protocolVersion}/${qos}`;
        const subscription = await client.subscribe(`${topic}/+`, { qos, timeoutMs });
        assert.equal(subscription.granted.get(`${topic}/+`), qos);
        const sent = Array.from({ length: 500 }, (_, at) => `message ${at}`);
        const publishing = Promise.all(
          sent.map(text => publisher.publish(`${topic}/x`, text, { qos, timeoutMs })),
        );
        const received = await take(subscription, sent.length);
        await publishing;
        assert.deepEqual(received.map(text), sent);
        assert.ok(received.every(message => message.qos === qos && !message.retain));
        await subscription.unsubscribe({ timeoutMs });
      });
    }

    test(`version ${protocolVersion}: a retained message is kept and cleared`, async () => {
      await using client = await open();
      const topic = `interop/${protocolVersion}/retained`;
      await client.publish(topic, 'kept', { qos: 1, retain: true, timeoutMs });
      const first = await client.subscribe(topic, { timeoutMs });
      const [message] = await take(first, 1);
      assert.equal(message.text(), 'kept');
      assert.equal(message.retain, true);
      await first.unsubscribe({ timeoutMs });
      await client.publish(topic, '', { qos: 1, retain: true, timeoutMs });
      const second = await client.subscribe(topic, { timeoutMs });
      await client.publish(topic, 'fresh', { qos: 1, timeoutMs });
      assert.deepEqual((await take(second, 1)).map(text), ['fresh']);
    });

    test(`version ${protocolVersion}: a will follows a cut connection, not close()`, async () => {
      await using watcher = await open();
      const topic = `interop/${protocolVersion}/will`;
      const wills = await watcher.subscribe(`${topic}/+`, { qos: 1, timeoutMs });
      const leaving = await open({ will: { topic: `${topic}/closed`, payload: 'no', qos: 1 } });
      await leaving.close();
      const cut = await open({ will: { topic: `${topic}/cut`, payload: 'gone', qos: 1 } });
      // an aborted close cuts the connection without DISCONNECT
      await cut.close({ signal: AbortSignal.abort() });
      const [message] = await take(wills, 1);
      assert.equal(message.topic, `${topic}/cut`);
      assert.equal(message.text(), 'gone');
    });

    test(`version ${protocolVersion}: a session keeps what came while away`, async () => {
      const expiry = protocolVersion === 5 ? { expiryMs: 60_000 } : {};
      const options: ClientOptions = {
        clientId: `interop-${protocolVersion}`,
        session: { cleanStart: false, ...expiry },
      };
      const topic = `interop/${protocolVersion}/session`;
      const first = await open(options);
      assert.equal(first.server?.sessionPresent, false);
      await first.subscribe(topic, { qos: 2, timeoutMs });
      await first.close();
      await using publisher = await open();
      for (const qos of [1, 2] as const) {
        await publisher.publish(topic, `while away, QoS ${qos}`, { qos, timeoutMs });
      }
      await using second = createClient(url, { protocolVersion, ...options });
      const unhandled: Message[] = [];
      second.on('unhandled', message => unhandled.push(message));
      const subscription = await second.subscribe(topic, { qos: 2, timeoutMs });
      // 3.1 has no Session Present
      assert.equal(second.server?.sessionPresent, protocolVersion > 3);
      const received = await take(subscription, 2);
      assert.deepEqual(received.map(text), ['while away, QoS 1', 'while away, QoS 2']);
      assert.deepEqual(unhandled, []);
      await second.unsubscribe(topic, { timeoutMs });
    });
  }

  test('version 5: properties travel', async () => {
    await using client = await connect(url, { timeoutMs });
    assert.notEqual(client.server?.clientId, '');
    const subscription = await client.subscribe('interop/properties', { qos: 1, timeoutMs });
    const sent = {
      payloadFormatIndicator: 1,
      expiryMs: 60_000,
      contentType: 'text/plain',
      responseTopic: 'interop/answer',
      correlationData: Uint8Array.of(0, 255),
      userProperties: [
        ['a', '1'],
        ['a', '2'],
      ],
    } as const;
    await client.publish('interop/properties', 'x', { qos: 1, timeoutMs, ...sent });
    const [message] = await take(subscription, 1);
    const received = Object.fromEntries(
      Object.keys(sent).map(key => [key, message[key as keyof typeof sent]]),
    );
    assert.deepEqual(received, sent);
  });

  test('a payload of many chunks arrives whole', async () => {
    await using client = await connect(url, { timeoutMs });
    const subscription = await client.subscribe('interop/large', { qos: 1, timeoutMs });
    const payload = new Uint8Array(3_000_000).map((_, at) => at * 7);
    await client.publish('interop/large', payload, { qos: 1, timeoutMs });
    const [message] = await take(subscription, 1);
    assert.deepEqual(message.payload, payload);
  });

  test('a second connection with the same client id takes over', async () => {
    const first = await connect(url, { clientId: 'twin', reconnect: false, timeoutMs });
    await using second = await connect(url, { clientId: 'twin', timeoutMs });
    const error = await first.closed;
    // mosquitto 2.0.11 just closes, later ones say 0x8E
    assert.match(error?.code ?? '', /^(connection-lost|server-disconnected)$/);
    assert.equal(second.state, 'connected');
  });
});

function text(message: Message): string {
  return message.text();
}

/** The next `count` messages, acknowledged. */
async function take(subscription: Subscription, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of subscription) {
    taken.push(message);
    message.ack();
    if (taken.length === count) break;
  }
  return taken;
}

/** Waits until a connection is accepted, or the process has ended. */
async function reachable(url: string, process: ChildProcess): Promise<void> {
  for (;;) {
    assert.equal(process.exitCode, null, 'mosquitto has ended');
    try {
      const client = await connect(url, { reconnect: false, timeoutMs });
      await client.close();
      return;
    } catch {
      await new Promise<void>(resolve => systemClock.defer(resolve));
    }
  }
}
