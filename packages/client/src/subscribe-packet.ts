/** SUBSCRIBE and UNSUBSCRIBE, made from filters and options. */
import {
  PacketType,
  type ProtocolVersion,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@godwit/protocol';
import type { SubscribeInit } from './options.ts';
import { needsVersion5 } from './publish-packet.ts';
import { pathOf } from './router.ts';

/**
 * The filters as the server is to see them, by the filters as they were given.
 * @throws RangeError when there is none, or one is not valid
 */
export function wireFilters(
  filters: string | readonly string[],
  share?: string,
): ReadonlyMap<string, string> {
  const given = typeof filters === 'string' ? [filters] : filters;
  if (given.length === 0) throw new RangeError('no filter was given');
  const wire = new Map<string, string>();
  for (const filter of given) {
    const full = share === undefined ? filter : `$share/${share}/${filter}`;
    pathOf(full);
    // [MQTT-4.8.2-2] the rest of the name would be taken for the filter's first level
    if (share?.includes('/')) throw new RangeError(`not a share name: ${JSON.stringify(share)}`);
    wire.set(filter, full);
  }
  return wire;
}

/**
 * @throws RangeError for options that make no sense
 * @throws MqttError 'not-supported' for what the version does not have
 */
export function subscribePacket(
  version: ProtocolVersion,
  filters: Iterable<string>,
  init: SubscribeInit,
): SubscribePacket {
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = 0 } = init;
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new RangeError(`qos is ${qos}; expected 0 to 2`);
  if (retainHandling !== 0 && retainHandling !== 1 && retainHandling !== 2) {
    throw new RangeError(`retainHandling is ${retainHandling}; expected 0 to 2`);
  }
  if (version < 5 && (noLocal || retainAsPublished || retainHandling > 0 || init.userProperties)) {
    throw needsVersion5('noLocal, retainAsPublished, retainHandling and userProperties');
  }
  const subscriptions = [...filters].map(filter => {
    // [MQTT-3.8.3-4]
    if (noLocal && filter.startsWith('$share/')) {
      throw new RangeError('noLocal is not allowed for a shared subscription');
    }
    return { filter, qos, noLocal, retainAsPublished, retainHandling };
  });
  const packet: SubscribePacket = { type: PacketType.subscribe, packetId: 0, subscriptions };
  if (init.userProperties !== undefined) {
    packet.properties = { userProperties: init.userProperties };
  }
  return packet;
}

export function unsubscribePacket(filters: Iterable<string>): UnsubscribePacket {
  return { type: PacketType.unsubscribe, packetId: 0, filters: [...filters] };
}
