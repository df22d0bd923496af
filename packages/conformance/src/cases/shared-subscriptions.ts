/** Cases of chapter 4.8: shared subscriptions, of which one member gets each message. */
import { deepEqual, equal } from 'node:assert/strict';
import { PacketType, type QoS } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { expectFiltersRefused } from './filter-refusal.ts';
import { kept, resume } from './kept-session.ts';

const { puback, pubcomp, publish, pubrec, pubrel } = PacketType;
const everyQoS: readonly QoS[] = [0, 1, 2];
const needs = ['shared-subscriptions'] as const;

/** The filter on the topic of the case in a group that no other case has. */
function shared(t: CaseContext, group: string): string {
  return `$share/${t.topic(group).replaceAll('/', '-')}/${t.topic('jobs')}`;
}

/** Publishes a message to the member alone, which begins a QoS 2 exchange; others may then join. */
async function beginDelivery(
  t: CaseContext,
  member: CaseClient,
  publisher: CaseClient,
): Promise<number> {
  await member.subscribe(shared(t, 'team'));
  await publisher.publish(t.topic('jobs'), 'job', { qos: 2 });
  const { packetId } = await member.expect({ type: publish, qos: 2, dup: false });
  return packetId;
}

export const sharedSubscriptionCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.8.2-1'],
    needs,
    title: 'a shared filter without a share name is refused',
    run: t => expectFiltersRefused(t, [`$share//${t.topic('jobs')}`]),
  },
  {
    v5: ['MQTT-4.8.2-2'],
    needs,
    title: 'a shared filter with a wildcard in its name, or with nothing behind it, is refused',
    async run(t) {
      const names = ['te+am', 'te#am', '+', '#'];
      const filters = names.map(name => `$share/${name}/${t.topic('jobs')}`);
      await expectFiltersRefused(t, [...filters, '$share/team', '$share/team/']);
    },
  },
  {
    v5: ['MQTT-4.5.0-1', 'MQTT-4.8.2-3'],
    needs,
    title: 'each message goes to one member of each group, and to every other subscriber',
    async run(t) {
      const groups: CaseClient[][] = [];
      for (const filters of [
        [shared(t, 'one'), shared(t, 'one'), shared(t, 'one')],
        [shared(t, 'two'), shared(t, 'two')],
        [t.topic('jobs')],
      ]) {
        const members: CaseClient[] = [];
        for (const filter of filters) {
          const member = await t.connect();
          await member.subscribe(filter, { qos: 1 });
          members.push(member);
        }
        groups.push(members);
      }
      const publisher = await t.connect();
      const jobs = Array.from({ length: 12 }, (_, i) => `job ${i}`);
      for (const job of jobs) await publisher.publish(t.topic('jobs'), job, { qos: 1 });
      for (const members of groups) {
        const received: string[] = [];
        for (const member of members) {
          received.push(...(await collectMessages(t, member, publisher)).map(textOf));
        }
        deepEqual(received.sort(), jobs.toSorted());
      }
    },
  },
  {
    v5: ['MQTT-4.5.0-1'],
    needs,
    title: 'a shared and a plain subscription of one client bring a copy each',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(shared(t, 'team'), { qos: 0 });
      await client.subscribe(t.topic('jobs'), { qos: 1 });
      await publisher.publish(t.topic('jobs'), 'job', { qos: 1 });
      const copies = [await client.receive(), await client.receive()];
      deepEqual(copies.map(({ qos }) => qos).sort(), [0, 1]);
      await t.expectNothing(client, publisher);
    },
  },
  {
    v5: ['MQTT-4.8.2-3', 'MQTT-3.8.4-8'],
    needs: [...needs, 'qos-1', 'qos-2'],
    title: 'a member gets a message with the lesser of the QoS published and its own',
    async run(t) {
      const members: CaseClient[] = [];
      for (const qos of everyQoS) {
        const member = await t.connect();
        await member.subscribe(shared(t, `alone${qos}`), { qos });
        members.push(member);
      }
      const publisher = await t.connect();
      for (const qos of everyQoS) {
        await publisher.publish(t.topic('jobs'), 'job', { qos });
        for (const [granted, member] of members.entries()) {
          await member.receive({ topic: t.topic('jobs'), qos: Math.min(granted, qos) as QoS });
        }
      }
    },
  },
  {
    v5: ['MQTT-4.8.2-3'],
    needs: [...needs, 'qos-1', 'qos-2'],
    title: 'members of one group get messages with the QoS that each was granted',
    async run(t) {
      const members: CaseClient[] = [];
      for (const qos of everyQoS) {
        const member = await t.connect();
        await member.subscribe(shared(t, 'team'), { qos });
        members.push(member);
      }
      const publisher = await t.connect();
      for (let i = 0; i < 9; i += 1) await publisher.publish(t.topic('jobs'), 'job', { qos: 2 });
      let count = 0;
      for (const [granted, member] of members.entries()) {
        for (const { qos } of await collectMessages(t, member, publisher)) {
          equal(qos, granted, 'QoS of a message to a member');
          count += 1;
        }
      }
      equal(count, 9, 'messages to all members');
    },
  },
  {
    v5: ['MQTT-3.3.1-9'],
    needs: [...needs, 'retained-messages'],
    title: 'a shared subscription brings no retained messages',
    async run(t) {
      const publisher = await t.connect();
      await publisher.publish(t.topic('jobs'), 'old job', { qos: 1, retain: true });
      const member = await t.connect();
      await member.subscribe(shared(t, 'team'), { retainHandling: 0 });
      await publisher.publish(t.topic('jobs'), 'job', { qos: 1 });
      await member.receive({ payload: bytes`${'job'}`, retain: false });
    },
  },
  {
    v5: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    needs,
    title: 'UNSUBSCRIBE from a shared filter leaves the rest to the other members',
    async run(t) {
      const leaving = await t.connect();
      const staying = await t.connect();
      const publisher = await t.connect();
      await leaving.subscribe(shared(t, 'team'));
      await staying.subscribe(shared(t, 'team'));
      for (const filter of [t.topic('jobs'), shared(t, 'other')]) {
        const packetId = leaving.packetId();
        leaving.send({ type: PacketType.unsubscribe, packetId, filters: [filter] });
        await leaving.expect({ type: PacketType.unsuback, packetId, reasonCodes: [0x11] });
      }
      await leaving.unsubscribe(shared(t, 'team'));
      for (let i = 0; i < 4; i += 1) {
        await publisher.publish(t.topic('jobs'), `${i}`, { qos: 1 });
        await staying.receive({ payload: bytes`${`${i}`}` });
      }
      await t.expectNothing(leaving, publisher);
    },
  },
];

export const sharedDeliveryCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.8.2-4', 'MQTT-4.4.0-1'],
    needs: [...needs, 'qos-2'],
    title: 'a member that broke off before PUBREC is sent the QoS 2 message again, and no other is',
    async run(t) {
      const first = await t.connect(kept());
      const other = await t.connect();
      const publisher = await t.connect();
      const packetId = await beginDelivery(t, first, publisher);
      await other.subscribe(shared(t, 'team'));
      first.drop();
      await t.expectNothing(other, publisher);
      const second = await resume(t, first.clientId);
      await second.receive({ packetId, qos: 2, dup: true, payload: bytes`${'job'}` });
      await t.expectNothing(other, publisher);
    },
  },
  {
    v5: ['MQTT-4.8.2-4', 'MQTT-4.4.0-1'],
    needs: [...needs, 'qos-2'],
    title: 'a member that broke off before PUBCOMP is sent PUBREL again, and no other the message',
    async run(t) {
      const first = await t.connect(kept());
      const other = await t.connect();
      const publisher = await t.connect();
      const packetId = await beginDelivery(t, first, publisher);
      await other.subscribe(shared(t, 'team'));
      first.acknowledge(pubrec, packetId);
      await first.expect({ type: pubrel, packetId });
      first.drop();
      const second = await resume(t, first.clientId);
      await second.expect({ type: pubrel, packetId });
      second.acknowledge(pubcomp, packetId);
      await t.expectNothing(other, publisher);
      await second.ping();
    },
  },
  {
    v5: ['MQTT-4.8.2-5'],
    needs: [...needs, 'qos-2'],
    title: 'a QoS 2 message begun with a member whose session ends goes to no other member',
    async run(t) {
      for (const isReceived of [false, true]) {
        const member = await t.connect();
        const other = await t.connect();
        const publisher = await t.connect();
        const packetId = await beginDelivery(t, member, publisher);
        await other.subscribe(shared(t, 'team'));
        if (isReceived) {
          member.acknowledge(pubrec, packetId);
          await member.expect({ type: pubrel, packetId });
          member.drop();
        } else {
          await member.disconnect();
        }
        // With Clean Start, so that the session is over for certain.
        await t.connect({ clientId: member.clientId });
        await t.expectNothing(other, publisher);
        await other.unsubscribe(shared(t, 'team'));
      }
    },
  },
  {
    v5: ['MQTT-4.8.2-6', 'MQTT-4.4.0-2'],
    needs: [...needs, 'qos-1', 'qos-2'],
    title: 'a message that a member refuses goes to no other member, and not again to it',
    async run(t) {
      for (const [qos, answer] of [
        [1, puback],
        [2, pubrec],
      ] as const) {
        const first = await t.connect(kept());
        const other = await t.connect();
        const publisher = await t.connect();
        const filter = shared(t, `team${qos}`);
        await first.subscribe(filter, { qos });
        await publisher.publish(t.topic('jobs'), 'job', { qos });
        const { packetId } = await first.expect({ type: publish, qos });
        await other.subscribe(filter);
        first.acknowledge(answer, packetId, 0x83);
        await first.ping();
        await t.expectNothing(other, publisher);
        first.drop();
        const second = await resume(t, first.clientId);
        await t.expectNothing(second, publisher);
        await second.unsubscribe(filter);
        await other.unsubscribe(filter);
      }
    },
  },
];
