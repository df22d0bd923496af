/** The bounds of our server over real sockets, as npm's MQTT.js meets them. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { type Config, defaultConfig, Server } from '@godwit/server';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { suiteMs } from './support/inbox.ts';

const listener = { ...defaultConfig.listeners[0], port: 0 };
const noStream = { write: (): void => {} };

async function started(config: Partial<Config>): Promise<Server> {
  const log = { level: 'silent', format: 'json' } as const;
  return Server.start({ ...defaultConfig, listeners: [listener], log, ...config }, noStream);
}

function dial(server: Server, options: IClientOptions = {}, index = 0): Promise<MqttClient> {
  const settings = { protocolVersion: 5, reconnectPeriod: 0, ...options } as const;
  return connectAsync(server.urls[index], settings);
}

/** The reason code of a refusal. */
async function refusal(connecting: Promise<MqttClient>): Promise<number> {
  const error = await connecting.then(
    () => undefined,
    (reason: unknown) => reason as { readonly code: number },
  );
  return error?.code ?? 0;
}

/** Resolves with the reason code of the server's DISCONNECT. */
function told(client: MqttClient): Promise<number | undefined> {
  return new Promise(resolve => {
    client.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
  });
}

suite('bounds, over real sockets', { timeout: suiteMs }, () => {
  test('bans of the configuration and of the program, 0x8A', async () => {
    const server = await started({ bans: [{ kind: 'clientId', value: 'bad' }] });
    equal(await refusal(dial(server, { clientId: 'bad' })), 0x8a);
    const good = await dial(server, { clientId: 'good' });
    const disconnected = told(good);
    equal(server.broker.ban({ kind: 'address', value: '127.0.0.0/8', seconds: 60 }), 1);
    equal(await disconnected, 0x98);
    equal(await refusal(dial(server)), 0x8a);
    equal(server.broker.unban('address', '127.0.0.0/8'), true);
    await (await dial(server)).endAsync();
    await server.close();
  });

  test('rates and numbers of connections, by address and by listener', async () => {
    const limits = { ...defaultConfig.limits, connectsPerSecondPerAddress: 4, rateBurstMs: 1000 };
    const listeners = [{ ...listener, connectionsMax: 1 }, listener];
    const server = await started({ limits, listeners });
    const only = await dial(server);
    const { hostname, port } = new URL(server.urls[0]);
    await once(connect(Number(port), hostname).resume(), 'close');
    equal(server.broker.metrics.connectionsRefusedListener, 1);
    const codes: number[] = [];
    const clients: MqttClient[] = [only];
    for (let count = 0; count < 6; count += 1) {
      const connecting = dial(server, {}, 1);
      codes.push(await refusal(connecting));
      if (codes.at(-1) === 0) clients.push(await connecting);
    }
    ok(codes.includes(0x9f), `${codes}`);
    deepEqual(new Set(codes), new Set([0, 0x9f]));
    for (const client of clients) await client.endAsync();
    await server.close();
  });

  test('a publisher above its rate loses nothing, one that is to be told is told', async () => {
    const limits = { ...defaultConfig.limits, publishMessagesPerSecond: 200, rateBurstMs: 100 };
    const slowed = await started({ limits });
    const subscriber = await dial(slowed);
    let arrived = 0;
    subscriber.on('message', () => {
      arrived += 1;
    });
    await subscriber.subscribeAsync('t');
    const publisher = await dial(slowed);
    const sent = Array.from({ length: 100 }, () => publisher.publishAsync('t', 'x', { qos: 1 }));
    await Promise.all(sent);
    await subscriber.unsubscribeAsync('t');
    equal(arrived, 100);
    ok(slowed.broker.metrics.publishersPaused > 0);
    await publisher.endAsync();
    await subscriber.endAsync();
    await slowed.close();

    const delivery = { ...defaultConfig.delivery, publishRatePolicy: 'refuse' } as const;
    const telling = await started({ limits, delivery });
    const publishing = await dial(telling);
    const answers = await Promise.allSettled(
      Array.from({ length: 100 }, () => publishing.publishAsync('t', 'x', { qos: 1 })),
    );
    const codes = answers.map(one => (one.status === 'rejected' ? one.reason.code : 0));
    ok(codes.includes(0x97) && codes.includes(0), `${codes}`);
    const disconnected = told(publishing);
    for (let count = 0; count < 100; count += 1) publishing.publish('t', 'x');
    equal(await disconnected, 0x96);
    await telling.close();
  });

  test('a SUBACK that the client does not take ends the connection with 0x95', async () => {
    const server = await started({});
    const client = await dial(server, { properties: { maximumPacketSize: 60 } });
    const disconnected = told(client);
    client.subscribe(Array.from({ length: 100 }, (_, at) => `${at}`));
    equal(await disconnected, 0x95);
    equal(server.broker.metrics.subscriptions, 0);
    await server.close();
  });
});
