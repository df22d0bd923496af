import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { SeededRandom } from '@godwit/testkit';
import { connectPacket } from '../connect-packet.ts';
import { reconnectPolicy } from '../reconnect-policy.ts';
import { ScriptedNetwork, steady } from '../testing/scripted-network.ts';
import { Dialer } from './dialer.ts';

test('waking ends a pause, and asks a connection that stands for a sign of life', async () => {
  const network = new ScriptedNetwork();
  const { clock, transport } = network;
  const random = new SeededRandom(1);
  const packet = connectPacket({}, random);
  const dialer = new Dialer(
    {
      urls: [new URL('memory://a')],
      transport,
      clock,
      random,
      connectTimeoutMs: 1_000,
      maximumPacketSize: 1_000,
      policy: reconnectPolicy({ reconnect: steady }),
      auth: undefined,
      whenStored: null,
      packet: async () => packet,
    },
    { onUp() {}, onPacket() {}, onDown() {}, onOver() {} },
  );
  network.missing.add('a');
  dialer.dial();
  await clock.settle();
  assert.equal(dialer.state, 'waiting');
  network.missing.clear();
  dialer.wake();
  // nothing more happens while an attempt is under way
  dialer.wake();
  await clock.settle();
  assert.equal(dialer.state, 'connected');
  assert.equal(network.dialled.length, 2);
  network.last.script = ({ type }) => (type === PacketType.pingreq ? [] : undefined);
  dialer.wake();
  dialer.wake();
  await clock.settle();
  assert.equal(network.last.got(PacketType.pingreq).length, 1);
  // and it is not there
  await clock.advance(30_000);
  assert.equal(dialer.state, 'waiting');
  dialer.giveUp();
  assert.equal(clock.timerCount, 0);
});
