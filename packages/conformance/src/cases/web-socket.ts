/** WebSocket as the network transport (chapter 6): frames, and the subprotocol. */
import { deepEqual, equal } from 'node:assert/strict';
import { type ConnectPacket, encodePacket, type Packet, PacketType } from '@godwit/protocol';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import type { RawWebSocket } from '../target/raw-web-socket.ts';

const pingresp = [0xd0, 0];

export const webSocketCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-6.0.0-1'],
    v3: ['MQTT-6.0.0-1'],
    title: 'a text frame closes the connection, whatever it says',
    async run(t) {
      const socket = await t.webSocket(['mqtt']);
      await connected(t, socket);
      // All bytes of this packet are ASCII: as a binary frame it would be all right.
      const message = { topic: 'a', payload: new Uint8Array(0), packetId: 0 };
      const flags = { qos: 0, retain: false, dup: false } as const;
      const packet = encoded(t, { type: PacketType.publish, ...message, ...flags });
      socket.send(new TextDecoder().decode(packet));
      socket.send(encoded(t, { type: PacketType.pingreq }));
      // A server of 5.0 may say why before it closes.
      const answer = await socket.next();
      if (answer === null) return;
      equal(answer[0], 0xe0, 'the packet in the text frame was taken');
      equal(await socket.next(), null);
    },
  },
  {
    v5: ['MQTT-6.0.0-2'],
    v3: ['MQTT-6.0.0-2'],
    title: 'packets are put together from frames that cut them anywhere',
    async run(t) {
      const socket = await t.webSocket(['mqtt']);
      for (const byte of encodedConnect(t)) socket.send(Uint8Array.of(byte));
      await expectConnack(socket);
      const pingreq = encoded(t, { type: PacketType.pingreq });
      socket.send(Uint8Array.of(...pingreq, ...pingreq, pingreq[0]));
      socket.send(pingreq.subarray(1));
      const answers: number[] = [];
      while (answers.length < 3 * pingresp.length) {
        const answer = await socket.next();
        if (answer === null) break;
        answers.push(...answer);
      }
      deepEqual(answers, [...pingresp, ...pingresp, ...pingresp]);
    },
  },
  {
    v5: ['MQTT-6.0.0-4'],
    v3: ['MQTT-6.0.0-4'],
    title: 'of the subprotocols that are offered the server selects mqtt',
    async run(t) {
      for (const offered of [['mqtt'], ['other.example', 'mqtt']]) {
        const socket = await t.webSocket(offered);
        equal(socket.protocol, 'mqtt');
        await connected(t, socket);
      }
    },
  },
];

async function connected(t: CaseContext, socket: RawWebSocket): Promise<void> {
  socket.send(encodedConnect(t));
  await expectConnack(socket);
}

async function expectConnack(socket: RawWebSocket): Promise<void> {
  const connack = await socket.next();
  deepEqual([connack?.[0], connack?.[3]], [0x20, 0], 'CONNACK with 0');
}

function encodedConnect(t: CaseContext): Uint8Array {
  const packet: ConnectPacket = {
    type: PacketType.connect,
    protocolVersion: t.version,
    cleanStart: true,
    keepAlive: 0,
    ...t.connectDefaults(),
  };
  return encoded(t, packet);
}

function encoded({ version }: CaseContext, packet: Packet): Uint8Array {
  return encodePacket(packet, version)!;
}
