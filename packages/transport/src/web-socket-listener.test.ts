import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ByteStream } from './byte-stream.ts';
import { HeldClock } from './held-clock.ts';
import { connectWebSocket } from './web-socket-connect.ts';
import { type ListenWebSocketOptions, listenWebSocket } from './web-socket-listener.ts';

const host = '127.0.0.1';

interface Answer {
  readonly status: number | undefined;
  readonly protocol: string | undefined;
}

const asking = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-protocol': 'mqtt',
};

async function ask(port: number, path: string, headers: object): Promise<Answer> {
  const asked = request({ host, port, path, headers: { ...headers }, agent: false });
  asked.end();
  const answer = await Promise.race([once(asked, 'response'), once(asked, 'upgrade')]);
  const [{ statusCode, headers: answered }] = answer;
  asked.destroy();
  return { status: statusCode, protocol: answered['sec-websocket-protocol'] };
}

async function withListener(
  options: Partial<ListenWebSocketOptions>,
  run: (port: number, streams: ByteStream[], errors: string[]) => Promise<void>,
): Promise<void> {
  const streams: ByteStream[] = [];
  const errors: string[] = [];
  const onHandshakeError = ({ message }: Error): void => void errors.push(message);
  const listener = await listenWebSocket(
    { host, port: 0, onHandshakeError, ...options },
    stream => {
      streams.push(stream);
    },
  );
  try {
    await run(listener.port, streams, errors);
  } finally {
    for (const stream of streams) stream.destroy();
    await listener.close();
  }
}

test('selects mqtt, and the name of old clients where it is all they know [MQTT-6.0.0-4]', () =>
  withListener({}, async (port, streams, errors) => {
    const answer = async (offered: string): Promise<Answer> =>
      await ask(port, '/mqtt', { ...asking, 'sec-websocket-protocol': offered });
    assert.deepEqual(await answer('mqtt'), { status: 101, protocol: 'mqtt' });
    assert.deepEqual(await answer('x, mqttv3.1 ,mqtt'), { status: 101, protocol: 'mqtt' });
    assert.deepEqual(await answer('mqttv3.1'), { status: 101, protocol: 'mqttv3.1' });
    assert.equal(streams.length, 3);
    assert.deepEqual([streams[0].kind, streams[0].remoteAddress], ['ws', host]);
    assert.equal((await answer('x')).status, 400);
    const { 'sec-websocket-protocol': _, ...offersNothing } = asking;
    assert.equal((await ask(port, '/mqtt', offersNothing)).status, 400);
    assert.deepEqual(errors, Array(2).fill('offered no subprotocol of mqtt, mqttv3.1'));
    assert.equal(streams.length, 3);
  }));

test('answers other requests as they deserve', () =>
  withListener({}, async (port, streams) => {
    assert.equal((await ask(port, '/mqtt', {})).status, 426);
    assert.equal((await ask(port, '/', {})).status, 404);
    assert.equal((await ask(port, '/other', asking)).status, 404);
    assert.equal((await ask(port, '/mqtt', { ...asking, 'sec-websocket-key': 'x' })).status, 400);
    assert.equal((await ask(port, '/mqtt?token=x', asking)).status, 101);
    assert.equal(streams.length, 1);
    const garbage = connect(port, host).resume();
    garbage.write('\x10\x0c\0\x04MQTT\x05\x02\0\0\0\0\0\0\r\n\r\n');
    await once(garbage, 'close');
  }));

test('asks whether an origin may connect, where there is one', () => {
  const asked: string[][] = [];
  const allowsOrigin = (origin: string, at: string): boolean => {
    asked.push([origin, at]);
    return origin === 'https://good.example';
  };
  return withListener({ allowsOrigin }, async (port, _streams, errors) => {
    const answer = async (headers: object): Promise<number | undefined> =>
      (await ask(port, '/mqtt', { ...asking, ...headers })).status;
    assert.equal(await answer({}), 101);
    assert.equal(await answer({ origin: 'https://good.example' }), 101);
    assert.equal(await answer({ origin: 'https://bad.example' }), 403);
    assert.deepEqual(asked[1], ['https://bad.example', `${host}:${port}`]);
    assert.equal(errors.length, 1);
  });
});

test('close frees the address, drops who has not asked yet and leaves open streams alone', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenWebSocket({ host, port: 0 }, accepted.resolve);
  const { port } = listener;
  const near = await connectWebSocket({ url: `ws://${host}:${port}/mqtt` });
  const far = await accepted.promise;
  const begun = connect(port, host).resume();
  begun.write('GET /mqtt HTTP/1.1\r\n');
  await once(begun, 'connect');
  await ask(port, '/', {});
  const cut = once(begun, 'close');
  await listener.close();
  await cut;
  await (await listenWebSocket({ host, port }, () => {})).close();
  const received = new Promise<number>(resolve => {
    near.open({ onData: chunk => resolve(chunk[0]), onEnd() {}, onDrain() {}, onClose() {} });
  });
  far.write(Uint8Array.of(7));
  assert.equal(await received, 7);
  near.destroy();
  far.destroy();
  assert.throws(() => listener.updateSecureContext({ certificates: [] }), TypeError);
});

test('a client that does not ask is closed', async () => {
  const clock = new HeldClock();
  await withListener({ clock, handshakeTimeoutMs: 250 }, async (port, _streams, errors) => {
    const silent = connect(port, host).resume();
    silent.on('error', () => {});
    const closed = once(silent, 'close');
    await clock.set(1);
    assert.deepEqual([...clock.timers.values()], [250]);
    clock.expire();
    await closed;
    assert.deepEqual(errors, ['had not finished after 250 ms']);
  });
});

test('connecting tells a server that is none, and can be given up', () =>
  withListener({}, async port => {
    const url = `ws://${host}:${port}/other`;
    await assert.rejects(connectWebSocket({ url }), { code: 'EPROTO' });
    const signal = AbortSignal.abort();
    await assert.rejects(connectWebSocket({ url, signal }), { code: 'ABORT_ERR' });
    const during = new AbortController();
    const attempt = connectWebSocket({ url, signal: during.signal });
    during.abort();
    await assert.rejects(attempt, { code: 'ABORT_ERR' });
  }));

test('believes the proxies that it knows who their client is', async () => {
  const said = async (
    headers: Record<string, string>,
    forwardedFor?: readonly string[],
  ): Promise<string> => {
    let address = '';
    await withListener({ forwardedFor }, async (port, streams) => {
      await ask(port, '/mqtt', { ...asking, ...headers });
      address = streams[0].remoteAddress;
    });
    return address;
  };
  const name = 'x-forwarded-for';
  const known = ['127.0.0.1', '10.0.0.0/8'];
  const chain = { [name]: '198.51.100.9, 192.0.2.1 ,::ffff:10.0.0.1' };
  assert.equal(await said(chain, known), '192.0.2.1');
  assert.equal(await said(chain), host, 'nobody is believed');
  assert.equal(await said(chain, ['10.0.0.0/8']), host, 'that one is not');
  assert.equal(await said({}, known), host, 'it says nothing');
  assert.equal(await said({ [name]: '192.0.2.1, unknown' }, known), host);
  assert.equal(await said({ [name]: '10.0.0.1' }, known), host);
  assert.equal(await said({ [name]: '2001:db8::1' }, known), '2001:db8::1');
});
