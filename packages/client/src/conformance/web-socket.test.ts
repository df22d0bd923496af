import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { encodePacket, type Packet } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { type WebSocket, WebSocketServer } from 'ws';
import { connect } from '../connect.ts';
import { ErrorCode } from '../errors.ts';
import { connect as connectOnNode } from '../node.ts';
import type { ClientOptions } from '../options.ts';
import { publish } from '../testing/scripted-server.ts';

const host = '127.0.0.1';
const timeoutMs = 10_000;
const timeout = 20_000;
const reconnect = false;
/** With the platform's WebSocket, and with that of Node's entry. */
const ways = [connect, connectOnNode];

/** The server's end of one WebSocket. */
interface Peer {
  readonly request: IncomingMessage;
  readonly webSocket: WebSocket;
  /** The next message, and whether it is binary. */
  next(): Promise<readonly [data: Uint8Array, isBinary: boolean]>;
}

async function withServer(run: (url: string, peer: Promise<Peer>) => Promise<void>): Promise<void> {
  const server = new WebSocketServer({ host, port: 0, handleProtocols: () => 'mqtt' });
  const peer = Promise.withResolvers<Peer>();
  server.on('connection', (webSocket, request) => {
    const heard: (readonly [Uint8Array, boolean])[] = [];
    let wake = (): void => {};
    webSocket.on('message', (data, isBinary) => {
      heard.push([data as Buffer, isBinary]);
      wake();
    });
    const next: Peer['next'] = async () => {
      while (heard.length === 0) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      return heard.shift()!;
    };
    peer.resolve({ request, webSocket, next });
  });
  await once(server, 'listening');
  try {
    await run(`ws://${host}:${(server.address() as AddressInfo).port}/mqtt`, peer.promise);
  } finally {
    for (const webSocket of server.clients) webSocket.terminate();
    server.close();
  }
}

function connack(version: 4 | 5): Uint8Array {
  return version === 5 ? bytes`20 03 00 00 00` : bytes`20 02 00 00`;
}

function encoded(packet: Packet, version: 4 | 5): Uint8Array {
  return encodePacket(packet, version)!;
}

type Exchange = (
  url: string,
  accepted: Promise<Peer>,
  open: typeof connect,
  options: ClientOptions,
  protocolVersion: 4 | 5,
) => Promise<void>;

async function eachWay(run: Exchange): Promise<void> {
  for (const open of ways) {
    for (const protocolVersion of [4, 5] as const) {
      const options: ClientOptions = { protocolVersion, clientId: 'me', reconnect };
      await withServer((url, accepted) => run(url, accepted, open, options, protocolVersion));
    }
  }
}

test('[MQTT-6.0.0-3] offers the subprotocol mqtt', { timeout }, async () => {
  await eachWay(async (url, accepted, open, options, protocolVersion) => {
    const opening = open(url, { ...options, timeoutMs });
    const { request, webSocket } = await accepted;
    assert.equal(request.headers['sec-websocket-protocol'], 'mqtt');
    webSocket.send(connack(protocolVersion));
    await (await opening).close();
  });
});

test('[MQTT-6.0.0-1] sends binary frames only, and takes no other', { timeout }, async () => {
  await eachWay(async (url, accepted, open, options, protocolVersion) => {
    const opening = open(url, { ...options, timeoutMs });
    const { webSocket, next } = await accepted;
    const [first, isBinary] = await next();
    assert.equal(first[0], 0x10);
    assert.ok(isBinary);
    webSocket.send(connack(protocolVersion));
    const client = await opening;
    void client.publish('t', 'text');
    assert.ok((await next())[1]);
    const taken: string[] = [];
    client.on('unhandled', message => taken.push(message.text()));
    // all bytes of this packet are ASCII: as a binary frame it would be all right
    webSocket.send(new TextDecoder().decode(encoded(publish(), protocolVersion)));
    webSocket.send(encoded(publish(), protocolVersion));
    const [error] = await Promise.all([client.closed, once(webSocket, 'close')]);
    assert.equal(error?.code, ErrorCode.connectionLost);
    assert.deepEqual(taken, []);
  });
});

test('[MQTT-6.0.0-2] frames cut packets anywhere', { timeout }, async () => {
  await eachWay(async (url, accepted, open, options, protocolVersion) => {
    const opening = open(url, { ...options, timeoutMs });
    const { webSocket, next } = await accepted;
    await next();
    for (const byte of connack(protocolVersion)) webSocket.send(Uint8Array.of(byte));
    const client = await opening;
    const all = Promise.withResolvers<void>();
    const taken: string[] = [];
    client.on('unhandled', message => {
      taken.push(message.text());
      if (taken.length === 3) all.resolve();
    });
    const packets = ['one', 'two', 'three'].flatMap(text => [
      ...encoded(publish({ payload: new TextEncoder().encode(text) }), protocolVersion),
    ]);
    for (const [start, end] of [
      [0, 1],
      [1, 1],
      [1, 15],
      [15, packets.length - 1],
      [packets.length - 1, packets.length],
    ]) {
      webSocket.send(Uint8Array.from(packets.slice(start, end)));
    }
    await all.promise;
    assert.deepEqual(taken, ['one', 'two', 'three']);
    await client.close();
  });
});

test('3.1.1 [MQTT-7.0.0-2] needs nothing that the standard does not have', {
  timeout,
}, async () => {
  await withServer(async (url, accepted) => {
    const opening = connect(url, { protocolVersion: 4, clientId: 'me', reconnect, timeoutMs });
    const { webSocket, next } = await accepted;
    const heard = async (expected: Uint8Array): Promise<void> =>
      assert.equal(hex((await next())[0]), hex(expected));
    await heard(bytes`10 0e 00 04 ${'MQTT'} 04 02 00 3c 00 02 ${'me'}`);
    webSocket.send(connack(4));
    const client = await opening;
    const subscribing = client.subscribe('a/b', { qos: 2 });
    await heard(bytes`82 08 00 01 00 03 ${'a/b'} 02`);
    webSocket.send(bytes`90 03 00 01 02`);
    const subscription = await subscribing;
    const publishing = client.publish('t', 'x', { qos: 2 });
    await heard(bytes`34 06 00 01 ${'t'} 00 02 ${'x'}`);
    webSocket.send(bytes`50 02 00 02`);
    await heard(bytes`62 02 00 02`);
    webSocket.send(bytes`70 02 00 02`);
    await publishing;
    webSocket.send(bytes`32 08 00 03 ${'a/b'} 00 07 ${'y'}`);
    for await (const message of subscription) {
      assert.equal(message.text(), 'y');
      message.ack();
      break;
    }
    await heard(bytes`40 02 00 07`);
    void client.close();
    await heard(bytes`e0 00`);
    await client.closed;
  });
});
