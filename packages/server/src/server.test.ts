import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { type Config, defaultConfig, defaultListener } from './config/config.ts';
import { isLoopback } from './loopback.ts';
import { Server } from './server.ts';

const anyPort = { ...defaultListener, port: 0 };
const quiet: Config = {
  ...defaultConfig,
  listeners: [anyPort],
  log: { level: 'silent', format: 'json' },
};
const noStream = { write: (): void => {} };

async function dial(server: Server, index = 0): Promise<Socket> {
  const { hostname, port } = new URL(server.urls[index]);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
}

/** CONNECT of MQTT 5.0, Clean Start, no client identifier. */
const connectPacket = Buffer.from('100d00044d5154540502003c000000', 'hex');

suite('Server', () => {
  test('listens where it is told, serves MQTT, and tells clients when it stops', async () => {
    const server = await Server.start({ ...quiet, listeners: [anyPort, anyPort] }, noStream);
    equal(server.urls.length, 2);
    const socket = await dial(server, 1);
    const received: Buffer[] = [];
    socket.on('data', chunk => received.push(chunk));
    const closed = once(socket, 'close');
    socket.write(connectPacket);
    await once(socket, 'data');
    await server.close();
    await closed;
    const bytes = Buffer.concat(received);
    deepEqual([...bytes.subarray(0, 1), ...bytes.subarray(2, 4)], [0x20, 0, 0], 'CONNACK');
    deepEqual([...bytes.subarray(-3)], [0xe0, 1, 0x8b], 'DISCONNECT, server shutting down');
  });

  test('says why it cannot listen, and leaves nothing open', async () => {
    const first = await Server.start(quiet, noStream);
    const port = Number(new URL(first.urls[0]).port);
    const listeners = [anyPort, { ...anyPort, port }];
    const message = `cannot listen on 127.0.0.1, port ${port}: another program listens there`;
    await rejects(Server.start({ ...quiet, listeners }, noStream), { message });
    await first.close();
  });

  test('logs connections at debug, and what a client did wrong', async () => {
    const lines: string[] = [];
    const log = { level: 'debug', format: 'pretty' } as const;
    const server = await Server.start({ ...quiet, log }, { write: line => lines.push(line) });
    await server.log.open();
    const socket = await dial(server);
    const closed = once(socket.resume(), 'close');
    socket.write(connectPacket);
    socket.write(Buffer.from('0000', 'hex'));
    await closed;
    await server.close();
    const text = lines.join('');
    match(text, /DEBUG listening url=mqtt:\/\/127\.0\.0\.1:\d+\n/);
    match(text, /DEBUG client connected clientId=\S+ .*protocolVersion=5 sessionPresent=false\n/);
    match(text, /WARN {2}protocol error .*reason="0x81 Malformed Packet"/);
    match(text, /INFO {2}stopped\n/);
  });

  test('warns when nobody can use a listener', async () => {
    const lines: string[] = [];
    const config: Config = {
      ...quiet,
      listeners: [{ ...anyPort, host: '0.0.0.0' }],
      log: defaultConfig.log,
    };
    const server = await Server.start(config, { write: line => lines.push(line) });
    await server.log.open();
    await server.close();
    match(lines[0], /WARN {2}clients of other machines are refused; .* host=0\.0\.0\.0 port=0\n/);
  });
});

test('isLoopback knows the addresses of the machine itself', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost']) {
    equal(isLoopback(address), true, address);
  }
  for (const address of ['0.0.0.0', '::', '10.0.0.1', '', '127.0.0.1.example', '1127.0.0.1']) {
    equal(isLoopback(address), false, address);
  }
});
