/** Cases of chapters 4.3.2, 4.3.3 and 4.4: the server sends messages with QoS 1 and 2. */
import { equal, ok } from 'node:assert/strict';
import { PacketType, type PublishPacket, ReasonCode } from '@godwit/protocol';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { kept, resume } from './kept-session.ts';

const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;

/** Reason codes by which a client refuses a message. */
const refusals = [
  ReasonCode.unspecifiedError,
  ReasonCode.implementationSpecificError,
  ReasonCode.notAuthorized,
  ReasonCode.topicNameInvalid,
  ReasonCode.packetIdentifierInUse,
  ReasonCode.quotaExceeded,
  ReasonCode.payloadFormatInvalid,
] as const;

/** A client that has published to a subscriber as often as there are QoS; nothing is acknowledged. */
async function sendEach(
  t: CaseContext,
  subscriber: CaseClient,
  ...qos: readonly (1 | 2)[]
): Promise<PublishPacket[]> {
  const publisher = await t.connect();
  const sent: PublishPacket[] = [];
  await subscriber.subscribe(t.topic('news'));
  for (const each of qos) {
    await publisher.publish(t.topic('news'), 'hello', { qos: each });
    sent.push(await subscriber.expect({ type: publish, qos: each, dup: false }));
  }
  return sent;
}

export const qosSenderCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.3.2-1', 'MQTT-4.3.2-2', 'MQTT-4.3.3-1', 'MQTT-4.3.3-2'],
    v3: ['MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
    needs: ['qos-1', 'qos-2'],
    title: 'messages that are under way have identifiers of their own, not 0',
    async run(t) {
      const sent = await sendEach(t, await t.connect(), 1, 2, 2, 1, 1);
      const identifiers = sent.map(({ packetId }) => packetId);
      ok(identifiers.every(packetId => packetId > 0));
      equal(new Set(identifiers).size, identifiers.length, `identifiers ${identifiers}`);
    },
  },
  {
    v5: ['MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
    v3: ['MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
    needs: ['qos-1', 'qos-2'],
    title: 'an identifier is not given to another message before its exchange is over',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const [one, two, three] = await sendEach(t, subscriber, 1, 2, 1);
      subscriber.acknowledge(pubrec, two.packetId);
      await subscriber.expect({ type: pubrel, packetId: two.packetId });
      subscriber.acknowledge(puback, three.packetId);
      const taken = [one.packetId, two.packetId];
      for (const qos of [1, 2, 1, 2] as const) {
        await publisher.publish(t.topic('news'), 'hello', { qos });
        const { packetId } = await subscriber.receive({ qos });
        ok(!taken.includes(packetId), `${packetId} is in use`);
      }
    },
  },
  {
    v5: ['MQTT-4.3.3-4'],
    v3: ['MQTT-4.3.3-1'],
    needs: ['qos-2'],
    title: 'every PUBREC is answered by PUBREL with its identifier, in any order',
    async run(t) {
      const subscriber = await t.connect();
      const [one, two, three] = await sendEach(t, subscriber, 2, 2, 2);
      for (const { packetId } of [two, three, one]) {
        subscriber.acknowledge(pubrec, packetId);
        await subscriber.expect({ type: pubrel, packetId, reasonCode: 0 });
      }
      for (const { packetId } of [three, one, two]) subscriber.acknowledge(pubcomp, packetId);
      await subscriber.expectNothing();
    },
  },
  {
    v5: ['MQTT-4.4.0-2'],
    needs: ['qos-1'],
    title: 'a message that is refused by PUBACK is not sent again',
    async run(t) {
      const subscriber = await t.connect(kept());
      for (const reasonCode of refusals) {
        const [{ packetId }] = await sendEach(t, subscriber, 1);
        subscriber.acknowledge(puback, packetId, reasonCode);
      }
      await subscriber.expectNothing();
      await subscriber.disconnect();
      const again = await resume(t, subscriber.clientId);
      await t.expectNothing(again, await t.connect());
    },
  },
  {
    v5: ['MQTT-4.4.0-2', 'MQTT-4.3.3-4'],
    needs: ['qos-2'],
    title: 'a message that is refused by PUBREC gets no PUBREL, and is not sent again',
    async run(t) {
      const subscriber = await t.connect(kept());
      for (const reasonCode of refusals) {
        const [{ packetId }] = await sendEach(t, subscriber, 2);
        subscriber.acknowledge(pubrec, packetId, reasonCode);
      }
      await subscriber.expectNothing();
      await subscriber.disconnect();
      const again = await resume(t, subscriber.clientId);
      await t.expectNothing(again, await t.connect());
    },
  },
];
