import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AuthProperties, type Packet, PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { createClient } from '../connect.ts';
import type { AuthExchange, EnhancedAuth } from '../enhanced-auth.ts';
import { ErrorCode } from '../errors.ts';
import { limits } from '../limits.ts';
import { expectEnded } from '../testing/expect-end.ts';
import { ScriptedNetwork } from '../testing/scripted-network.ts';
import { meet, outcome, publish, type Script, stage } from '../testing/scripted-server.ts';

const { auth, connack, connect, disconnect } = PacketType;
const method = 'M';

function data(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A method that numbers its exchanges, and repeats what it is asked. */
function echo(changes: Partial<AuthExchange> = {}): EnhancedAuth {
  let exchanges = 0;
  return {
    method,
    begin: () => {
      exchanges += 1;
      const number = exchanges;
      return {
        first: () => data(`first ${number}`),
        answer: async asked => data(`to ${new TextDecoder().decode(asked)}`),
        finish: () => {},
        ...changes,
      };
    },
  };
}

function says(reasonCode: number, text?: string, name = method): Packet {
  const properties: AuthProperties = { authenticationMethod: name };
  if (text !== undefined) properties.authenticationData = data(text);
  return { type: auth, reasonCode, properties };
}

function accepts(name: string | null = method): Packet {
  const properties = name === null ? {} : { authenticationMethod: name };
  return { type: connack, sessionPresent: false, reasonCode: 0, properties };
}

/** Asks `rounds` questions after CONNECT, and again after AUTH 0x19. */
function asking(rounds = 1): Script {
  let asked = 0;
  let isUp = false;
  return packet => {
    if (packet.type !== connect && packet.type !== auth) return undefined;
    if (packet.type === connect || packet.reasonCode === 0x19) asked = 0;
    asked += 1;
    if (asked <= rounds) return [says(0x18, `question ${asked}`)];
    if (isUp) return [says(0)];
    isUp = true;
    return [accepts()];
  };
}

const answers = (server: { got: ScriptedGot }): unknown[] =>
  server
    .got(auth)
    .map(({ reasonCode, properties }) => [
      reasonCode,
      properties?.authenticationMethod,
      new TextDecoder().decode(properties?.authenticationData),
    ]);
type ScriptedGot = Awaited<ReturnType<typeof meet>>['server']['got'];

test('[MQTT-4.12.0-3] [MQTT-4.12.0-5] answers with 0x18 and the method of CONNECT', async t => {
  const { client, server } = await meet(t, { auth: echo() }, asking(2));
  assert.equal(client.state, 'connected');
  const [{ properties }] = server.got(connect);
  assert.equal(properties?.authenticationMethod, method);
  assert.deepEqual(properties?.authenticationData, data('first 1'));
  assert.deepEqual(answers(server), [
    [0x18, method, 'to question 1'],
    [0x18, method, 'to question 2'],
  ]);
});

test('[MQTT-4.12.1-1] [MQTT-4.12.0-5] proves itself again with 0x19 and the same method', async t => {
  const { client, server, clock } = await meet(t, { auth: echo() }, asking());
  const done = client.reauthenticate();
  // all else goes on meanwhile
  const publishing = client.publish('t', 'x', { qos: 1 });
  await assert.rejects(client.reauthenticate(), { code: ErrorCode.queueFull });
  await clock.settle();
  await Promise.all([done, publishing]);
  assert.deepEqual(answers(server), [
    [0x18, method, 'to question 1'],
    [0x19, method, 'first 2'],
    [0x18, method, 'to question 1'],
  ]);
  const again = client.reauthenticate();
  await clock.settle();
  await again;
  assert.equal(client.state, 'connected');
  assert.equal(clock.timerCount, 1);
});

test('[MQTT-4.12.0-5] a server with another method, or none, is refused', async t => {
  for (const sent of [accepts('N'), accepts(null), says(0x18, 'q', 'N')]) {
    const script: Script = packet => (packet.type === connect ? [sent] : []);
    await expectEnded(await meet(t, { auth: echo() }, script), 0x82);
  }
  for (const sent of [bytes`f0 00`, bytes`f0 06 00 04 15 00 01 ${'N'}`]) {
    const script = asking();
    const meeting = await meet(t, { auth: echo() }, packet =>
      packet.type === auth && packet.reasonCode === 0x19 ? [] : script(packet),
    );
    const failing = outcome(meeting.client.reauthenticate());
    await meeting.clock.settle();
    meeting.server.sendBytes(sent);
    await expectEnded(meeting, 0x82);
    assert.equal(((await failing) as { code: string }).code, ErrorCode.protocolError);
  }
});

test('[MQTT-3.15.2-1] an AUTH of the server has a reason from its list, and is due', async t => {
  for (const [early, reasonCode] of [
    // before CONNACK
    [bytes`f0 06 19 04 15 00 01 ${method}`, 0x82],
    [bytes`f0 06 00 04 15 00 01 ${method}`, 0x82],
    [bytes`f0 06 01 04 15 00 01 ${method}`, 0x81],
  ] as const) {
    const meeting = await meet(t, { auth: echo() }, () => []);
    meeting.server.sendBytes(early);
    await expectEnded(meeting, reasonCode);
  }
  for (const [late, reasonCode] of [
    [bytes`f0 06 18 04 15 00 01 ${method}`, 0x82],
    [bytes`f0 06 19 04 15 00 01 ${method}`, 0x82],
    [bytes`f0 06 00 04 15 00 01 ${method}`, 0x82],
    [bytes`f0 06 87 04 15 00 01 ${method}`, 0x81],
  ] as const) {
    const meeting = await meet(t, { auth: echo() }, asking());
    meeting.server.sendBytes(late);
    await expectEnded(meeting, reasonCode);
  }
});

test('a server that speaks out of turn is refused', async t => {
  const never = new Promise<never>(() => {});
  const twice: Script = packet =>
    packet.type === connect ? [says(0x18, 'q'), says(0x18, 'q')] : [];
  await expectEnded(await meet(t, { auth: echo({ answer: () => never }) }, twice), 0x82);
  const hasty: Script = packet => (packet.type === connect ? [says(0x18, 'q'), accepts()] : []);
  await expectEnded(await meet(t, { auth: echo({ answer: () => never }) }, hasty), 0x82);
});

test('[MQTT-4.12.1-2] a failed re-authentication ends with DISCONNECT, and a new connection', async t => {
  const network = new ScriptedNetwork();
  network.script = asking();
  let isTrusted = true;
  const finish = (): void => {
    if (!isTrusted) throw new Error('not who it should be');
  };
  const retry = (): boolean => true;
  const client = network.client(t, { auth: echo({ finish }), reconnect: { minMs: 5, retry } });
  await network.clock.settle();
  isTrusted = false;
  const failing = outcome(client.reauthenticate());
  await network.clock.settle();
  const error = (await failing) as { code: string; cause: Error };
  assert.equal(error.code, ErrorCode.authenticationFailed);
  assert.equal(error.cause.message, 'not who it should be');
  const [first] = network.servers;
  assert.deepEqual(first.got(disconnect), [{ type: disconnect, reasonCode: 0x80 }]);
  assert.ok(first.isClosed);
  assert.equal(client.state, 'waiting');
  isTrusted = true;
  network.script = asking();
  await network.clock.advance(100);
  assert.equal(client.state, 'connected');
  assert.deepEqual(network.last.got(connect)[0].properties?.authenticationData, data('first 3'));
});

test('the server ends a failed re-authentication: no retry where that cannot help', async t => {
  const script = asking();
  const { client, clock } = await meet(t, { auth: echo() }, packet =>
    packet.type === auth && packet.reasonCode === 0x19
      ? [{ type: disconnect, reasonCode: 0x87 }]
      : script(packet),
  );
  const failing = outcome(client.reauthenticate());
  await clock.settle();
  const error = (await failing) as { reasonCode: number; retryable: boolean };
  assert.deepEqual([error.reasonCode, error.retryable], [0x87, false]);
  assert.equal(await client.closed, error);
});

test('the client is not up before it is content with the server', async t => {
  const verdict = Promise.withResolvers<void>();
  const finish = (): Promise<void> => verdict.promise;
  const early: Script = packet => (packet.type === connect ? [accepts(), publish()] : undefined);
  const { client, server, clock } = await meet(t, { auth: echo({ finish }) }, early);
  const unhandled: string[] = [];
  client.on('unhandled', message => unhandled.push(message.topic));
  assert.equal(client.state, 'connecting');
  assert.deepEqual(unhandled, []);
  verdict.resolve();
  await clock.settle();
  assert.equal(client.state, 'connected');
  assert.deepEqual(unhandled, ['a/b']);
  assert.ok(!server.isClosed);
});

test('a server that does not prove itself ends it', async t => {
  const finish = (): never => {
    throw new Error('no proof');
  };
  const { client, server } = await meet(t, { auth: echo({ finish }) }, asking());
  const error = await client.closed;
  assert.equal(error?.code, ErrorCode.authenticationFailed);
  assert.equal(error?.retryable, false);
  assert.deepEqual(server.got(disconnect), [{ type: disconnect, reasonCode: 0x80 }]);
});

test('a server may neither ask without end nor be silent without end', async t => {
  const endless = await meet(t, { auth: echo() }, asking(1_000));
  assert.equal((await endless.client.closed)?.code, ErrorCode.authenticationFailed);
  assert.equal(endless.server.got(auth).length, limits.authenticationRoundsMax);

  const script = asking();
  const silent = await meet(t, { auth: echo(), keepAliveMs: 0 }, packet =>
    packet.type === auth && packet.reasonCode === 0x19 ? [] : script(packet),
  );
  const failing = outcome(silent.client.reauthenticate());
  await silent.clock.advance(limits.connectTimeoutMs);
  assert.equal(((await failing) as { code: string }).code, ErrorCode.authenticationFailed);
  assert.ok(silent.server.isClosed);
});

test('refusals of the server come through at any time', async t => {
  const refusal = { type: connack, sessionPresent: false, reasonCode: 0x8c } as const;
  for (const rounds of [0, 1]) {
    const { client } = await meet(t, { auth: echo() }, packet => {
      if (packet.type === connect && rounds > 0) return [says(0x18, 'q')];
      return [refusal];
    });
    const error = await client.closed;
    assert.deepEqual([error?.code, error?.reasonCode], [ErrorCode.connectRefused, 0x8c]);
  }
});

test('every call settles', async t => {
  const script = asking();
  const deaf: Script = packet =>
    packet.type === auth && packet.reasonCode === 0x19 ? [] : script(packet);
  const { client, server, clock } = await meet(t, { auth: echo() }, deaf);
  const signal = AbortSignal.abort();
  await assert.rejects(client.reauthenticate({ signal }), { code: ErrorCode.aborted });
  const failing = outcome(client.reauthenticate());
  await clock.settle();
  server.destroy();
  await clock.settle();
  assert.equal(((await failing) as { code: string }).code, ErrorCode.connectionLost);
  await assert.rejects(client.reauthenticate(), { code: ErrorCode.connectionLost });
});

test('options that make no sense', async t => {
  const { options } = stage(4);
  assert.throws(
    () => createClient('memory://a', { ...options, protocolVersion: 4, auth: echo() }),
    {
      code: ErrorCode.notSupported,
    },
  );
  const auth = { ...echo(), method: '\ud800' };
  assert.throws(() => createClient('memory://a', { ...options, auth }), RangeError);
  const { client } = await meet(t);
  await assert.rejects(client.reauthenticate(), TypeError);
});
