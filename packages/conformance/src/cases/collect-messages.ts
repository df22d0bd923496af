/** For cases in which it is open how many messages come, or between which other packets. */
import { AssertionError } from 'node:assert';
import { PacketType, type PublishPacket } from '@godwit/protocol';
import { describePacket } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';

/**
 * Everything that comes to `subscriber` until a message that `publisher` sends now; acknowledged,
 * and every exchange seen through, unless told otherwise.
 */
export async function collectMessages(
  t: CaseContext,
  subscriber: CaseClient,
  publisher: CaseClient,
  { isAcknowledged = true }: { readonly isAcknowledged?: boolean } = {},
): Promise<PublishPacket[]> {
  const { publish, puback, pubrec, pubrel, pubcomp, suback, subscribe } = PacketType;
  const filter = t.topic(`fence/${t.clientId()}`);
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = [{ filter, ...options }];
  subscriber.send({ type: subscribe, packetId: subscriber.packetId(), subscriptions });
  const messages: PublishPacket[] = [];
  let exchanges = 0;
  let isFenceHere = false;
  while (!isFenceHere || exchanges > 0) {
    const packet = await subscriber.next();
    if (packet?.type === suback) {
      await publisher.publish(filter, 'fence', { qos: publisher.maximumQoS === 0 ? 0 : 1 });
    } else if (packet?.type === pubrel) {
      subscriber.acknowledge(pubcomp, packet.packetId);
      exchanges -= 1;
    } else if (packet?.type !== publish) {
      const came = packet === null ? 'a close' : describePacket(packet);
      throw new AssertionError({ message: `expected PUBLISH or PUBREL\ncame ${came}` });
    } else if (packet.topic === filter) {
      isFenceHere = true;
    } else {
      messages.push(packet);
      if (!isAcknowledged) continue;
      if (packet.qos === 1) subscriber.acknowledge(puback, packet.packetId);
      if (packet.qos !== 2) continue;
      subscriber.acknowledge(pubrec, packet.packetId);
      exchanges += 1;
    }
  }
  return messages;
}

/** Payload as text. */
export function textOf({ payload }: PublishPacket): string {
  return new TextDecoder().decode(payload);
}
