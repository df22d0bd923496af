/** Cases of chapters 3.4 to 3.7: the form and the reasons of PUBACK, PUBREC, PUBREL and PUBCOMP. */
import { equal, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';

const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;

/** A client that takes no packet larger than what it needs to be connected, and that size. */
async function smallClient(t: CaseContext): Promise<[client: CaseClient, bytesMax: number]> {
  const probe = await t.client();
  probe.sendConnect();
  const connack = (await probe.nextBytes()) ?? [];
  const bytesMax = Math.max(connack.length + 8, 64);
  return [await t.connect({ properties: { maximumPacketSize: bytesMax } }), bytesMax];
}

/** The next packet is of this type, and not too large. */
async function expectSmall(client: CaseClient, type: number, bytesMax: number): Promise<void> {
  const packet = (await client.nextBytes()) ?? bytes`00`;
  equal(packet[0] >> 4, type);
  ok(packet.length <= bytesMax, `${packet.length} bytes, where the client takes ${bytesMax}`);
}

export const acknowledgementCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.4.2-1', 'MQTT-3.5.2-1'],
    needs: ['authorization', 'qos-1', 'qos-2'],
    title: 'a message that is not allowed is refused with a reason, or closes the connection',
    async run(t) {
      for (const [qos, type] of [
        [1, puback],
        [2, pubrec],
      ] as const) {
        const client = await t.connect();
        client.sendPublish(t.topic('forbidden'), 'hello', { qos, packetId: 7 });
        const answer = await client.next();
        if (answer?.type === type) {
          equal(answer.packetId, 7);
          equal(answer.reasonCode, ReasonCode.notAuthorized);
          await client.expectNothing();
        } else if (answer !== null) {
          equal(answer.type, PacketType.disconnect);
          await client.expectClosed();
        }
      }
    },
  },
  {
    v5: ['MQTT-3.6.2-1', 'MQTT-4.3.3-4'],
    v3: ['MQTT-4.3.3-1'],
    title: 'PUBREC for a message that was never sent is answered by PUBREL with its identifier',
    async run(t) {
      const client = await t.connect();
      client.acknowledge(pubrec, 4_711);
      const { reasonCode } = await client.expect({ type: pubrel, packetId: 4_711 });
      ok(reasonCode === 0 || reasonCode === ReasonCode.packetIdentifierNotFound);
      await client.ping();
    },
  },
  {
    v5: ['MQTT-3.7.2-1', 'MQTT-4.3.3-11'],
    v3: ['MQTT-4.3.3-2'],
    title: 'PUBREL for an unknown identifier is answered by PUBCOMP, and the connection stays',
    async run(t) {
      const client = await t.connect();
      client.acknowledge(pubrel, 4_711);
      const { reasonCode } = await client.expect({ type: pubcomp, packetId: 4_711 });
      ok(reasonCode === 0 || reasonCode === ReasonCode.packetIdentifierNotFound);
      await client.ping();
    },
  },
  {
    v5: ['MQTT-3.6.1-1', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.6.1-1', 'MQTT-4.8.0-1'],
    // 3.1 has no such rule.
    versions: [5, 4],
    needs: ['qos-2'],
    title: 'PUBREL with other flags than 0010 closes the connection',
    async run(t) {
      for (const first of [0x60, 0x61, 0x63, 0x6a]) {
        const client = await t.connect();
        client.sendPublish(t.topic('news'), 'hello', { qos: 2, packetId: 7 });
        await client.expect({ type: pubrec, packetId: 7 });
        client.send(bytes`${first} 02 00 07`);
        await client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-3.6.1-1', 'MQTT-3.6.2-1', 'MQTT-4.3.3-4'],
    v3: ['MQTT-3.6.1-1', 'MQTT-4.3.3-1'],
    needs: ['qos-2'],
    title: 'PUBREC is answered by PUBREL with the flags 0010, however often it comes',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      await publisher.publish(t.topic('news'), 'hello', { qos: 2 });
      const { packetId } = await subscriber.expect({ type: publish, qos: 2 });
      for (let times = 0; times < 2; times += 1) {
        subscriber.acknowledge(pubrec, packetId);
        const answer = (await subscriber.nextBytes()) ?? bytes`00`;
        equal(answer[0], 0x62);
        equal((answer[2] << 8) | answer[3], packetId);
        // 5.0: it may go on with the reason 0x00, and no properties.
        ok(answer.subarray(4).every(byte => byte === 0));
      }
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.4.2-2', 'MQTT-3.4.2-3'],
    needs: ['qos-1'],
    title: 'PUBACK is not larger than the client allows, whatever there is to say',
    async run(t) {
      const [client, bytesMax] = await smallClient(t);
      for (const name of ['nobody', 'forbidden']) {
        client.sendPublish(t.topic(name), 'hello', { qos: 1 });
        await expectSmall(client, puback, bytesMax);
      }
    },
  },
  {
    v5: [
      'MQTT-3.5.2-2',
      'MQTT-3.5.2-3',
      'MQTT-3.6.2-2',
      'MQTT-3.6.2-3',
      'MQTT-3.7.2-2',
      'MQTT-3.7.2-3',
    ],
    needs: ['qos-2'],
    title: 'PUBREC, PUBREL and PUBCOMP are not larger than the client allows',
    async run(t) {
      const [client, bytesMax] = await smallClient(t);
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId: 7 });
      await expectSmall(client, pubrec, bytesMax);
      client.acknowledge(pubrec, 4_711);
      await expectSmall(client, pubrel, bytesMax);
      client.acknowledge(pubrel, 7);
      await expectSmall(client, pubcomp, bytesMax);
      client.acknowledge(pubrel, 4_711);
      await expectSmall(client, pubcomp, bytesMax);
    },
  },
];
