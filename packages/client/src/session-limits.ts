/** The bounds of a session, made from the options. */
import { inboundAliasMaximum, inflightMax, inRange, receiveMaximum } from './connect-packet.ts';
import type { InboundLimits } from './engine/inbound.ts';
import type { OutboundLimits } from './engine/outbound-log.ts';
import { limits } from './limits.ts';
import type { ClientOptions } from './options.ts';

const whenFullChoices: readonly unknown[] = ['wait', 'reject', 'drop-oldest'];
const qos0OfflineChoices: readonly unknown[] = ['reject', 'drop', 'queue'];
const outboundChoices: readonly unknown[] = ['auto', 'off'];

/** @throws RangeError for options that make no sense */
export function inboundLimits(options: ClientOptions): InboundLimits {
  return {
    receiveMaximum: receiveMaximum(options),
    topicAliasMaximum: inboundAliasMaximum(options),
  };
}

/** @throws RangeError for options that make no sense */
export function outboundLimits(options: ClientOptions): OutboundLimits {
  const { queue = {}, topicAliases: { outbound = 'auto' } = {} } = options;
  const { messagesMax = limits.queueMessagesMax, bytesMax = limits.queueBytesMax } = queue;
  const { whenFull = 'reject', qos0Offline = 'queue' } = queue;
  requireOneOf('queue.whenFull', whenFull, whenFullChoices);
  requireOneOf('queue.qos0Offline', qos0Offline, qos0OfflineChoices);
  requireOneOf('topicAliases.outbound', outbound, outboundChoices);
  return {
    messagesMax: inRange('queue.messagesMax', messagesMax, Number.MAX_SAFE_INTEGER, 0),
    bytesMax: inRange('queue.bytesMax', bytesMax, Number.MAX_SAFE_INTEGER, 0),
    whenFull,
    waitingMax: limits.waitingMax,
    qos0Offline,
    inflightMax: inflightMax(options),
    topicAliasesMax: outbound === 'auto' ? limits.topicAliasesMax : 0,
  };
}

function requireOneOf(name: string, value: string, choices: readonly unknown[]): void {
  if (choices.includes(value)) return;
  throw new RangeError(`${name} is ${value}; expected one of ${choices.join(', ')}`);
}
