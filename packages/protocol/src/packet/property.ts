/**
 * The 27 properties of MQTT 5.0: their types for callers, and the one table by which they are
 * encoded, decoded and checked.
 */
import { PacketType } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';

/** A name and a value; order is kept and a name may recur. */
export type UserProperty = readonly [name: string, value: string];

/** Every property, by the specification's name. Which may stand where: see the packets. */
export interface Properties {
  payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  messageExpiryInterval?: number;
  contentType?: string;
  /** A topic name: not empty, without wildcards. */
  responseTopic?: string;
  /** At most 65,535 bytes. */
  correlationData?: Uint8Array;
  /** 1 to 268,435,455 each; one in SUBSCRIBE, any number in a PUBLISH from the server. */
  subscriptionIdentifiers?: readonly number[];
  /** Seconds; 0xFFFFFFFF never expires. */
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  /** Seconds, 0 to 65,535. */
  serverKeepAlive?: number;
  authenticationMethod?: string;
  /** At most 65,535 bytes; only beside `authenticationMethod`. */
  authenticationData?: Uint8Array;
  requestProblemInformation?: boolean;
  /** Seconds. */
  willDelayInterval?: number;
  requestResponseInformation?: boolean;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  /** 1 to 65,535. */
  receiveMaximum?: number;
  /** 0 to 65,535. */
  topicAliasMaximum?: number;
  /** 1 to 65,535. */
  topicAlias?: number;
  maximumQoS?: 0 | 1;
  retainAvailable?: boolean;
  userProperties?: readonly UserProperty[];
  /** Bytes, 1 to 4,294,967,295. */
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: boolean;
  subscriptionIdentifierAvailable?: boolean;
  sharedSubscriptionAvailable?: boolean;
}

/** How a property's value is written. The specification's types, told apart where rules differ. */
export const WireType = {
  /** Byte, 0 or 1 as a number. */
  bit: 0,
  /** Byte, 0 or 1 as a boolean. */
  flag: 1,
  /** Two Byte Integer. */
  uint16: 2,
  /** Four Byte Integer. */
  uint32: 3,
  /** Variable Byte Integer: one of a list. */
  variable: 4,
  /** UTF-8 Encoded String. */
  string: 5,
  /** UTF-8 Encoded String that is a topic name. */
  topicName: 6,
  /** UTF-8 String Pair: one of a list. */
  stringPair: 7,
  /** Binary Data. */
  binary: 8,
} as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** Stands among the packet types for the properties of a will, which are a block of their own. */
export const willContext = 0 as const;

/** Where a block of properties stands. */
export type PropertyContext = PacketType | typeof willContext;

/** What the specification says about one property. */
export interface PropertyRule {
  readonly id: number;
  readonly name: keyof Properties;
  readonly type: WireType;
  /** Where it may stand. */
  readonly contexts: readonly PropertyContext[];
  /** Where it may stand more than once. */
  readonly repeatable?: readonly PropertyContext[];
  /** The answer to a value of 0, where 0 is forbidden. */
  readonly zero?: ReasonCode;
}

const will = willContext;
const { bit, flag, uint16, uint32, variable, string, topicName, stringPair, binary } = WireType;
const { connect, connack, publish, puback, pubrec, pubrel, pubcomp } = PacketType;
const { subscribe, suback, unsubscribe, unsuback, disconnect, auth } = PacketType;
const { protocolError, topicAliasInvalid } = ReasonCode;

const acknowledgements: PropertyContext[] = [puback, pubrec, pubrel, pubcomp, suback, unsuback];
const reasons: PropertyContext[] = [connack, ...acknowledgements, disconnect, auth];
const everywhere: PropertyContext[] = [connect, will, publish, subscribe, unsubscribe, ...reasons];

/** Section 2.2.2.2, with the rules of each property's own section. */
export const propertyRules: readonly PropertyRule[] = [
  { id: 0x01, name: 'payloadFormatIndicator', type: bit, contexts: [publish, will] },
  { id: 0x02, name: 'messageExpiryInterval', type: uint32, contexts: [publish, will] },
  { id: 0x03, name: 'contentType', type: string, contexts: [publish, will] },
  { id: 0x08, name: 'responseTopic', type: topicName, contexts: [publish, will] },
  { id: 0x09, name: 'correlationData', type: binary, contexts: [publish, will] },
  {
    id: 0x0b,
    name: 'subscriptionIdentifiers',
    type: variable,
    contexts: [publish, subscribe],
    repeatable: [publish],
    zero: protocolError,
  },
  {
    id: 0x11,
    name: 'sessionExpiryInterval',
    type: uint32,
    contexts: [connect, connack, disconnect],
  },
  { id: 0x12, name: 'assignedClientIdentifier', type: string, contexts: [connack] },
  { id: 0x13, name: 'serverKeepAlive', type: uint16, contexts: [connack] },
  { id: 0x15, name: 'authenticationMethod', type: string, contexts: [connect, connack, auth] },
  { id: 0x16, name: 'authenticationData', type: binary, contexts: [connect, connack, auth] },
  { id: 0x17, name: 'requestProblemInformation', type: flag, contexts: [connect] },
  { id: 0x18, name: 'willDelayInterval', type: uint32, contexts: [will] },
  { id: 0x19, name: 'requestResponseInformation', type: flag, contexts: [connect] },
  { id: 0x1a, name: 'responseInformation', type: string, contexts: [connack] },
  { id: 0x1c, name: 'serverReference', type: string, contexts: [connack, disconnect] },
  { id: 0x1f, name: 'reasonString', type: string, contexts: reasons },
  {
    id: 0x21,
    name: 'receiveMaximum',
    type: uint16,
    contexts: [connect, connack],
    zero: protocolError,
  },
  { id: 0x22, name: 'topicAliasMaximum', type: uint16, contexts: [connect, connack] },
  // [MQTT-3.3.2-8] alias 0 has a reason code of its own
  { id: 0x23, name: 'topicAlias', type: uint16, contexts: [publish], zero: topicAliasInvalid },
  { id: 0x24, name: 'maximumQoS', type: bit, contexts: [connack] },
  { id: 0x25, name: 'retainAvailable', type: flag, contexts: [connack] },
  {
    id: 0x26,
    name: 'userProperties',
    type: stringPair,
    contexts: everywhere,
    repeatable: everywhere,
  },
  {
    id: 0x27,
    name: 'maximumPacketSize',
    type: uint32,
    contexts: [connect, connack],
    zero: protocolError,
  },
  { id: 0x28, name: 'wildcardSubscriptionAvailable', type: flag, contexts: [connack] },
  { id: 0x29, name: 'subscriptionIdentifierAvailable', type: flag, contexts: [connack] },
  { id: 0x2a, name: 'sharedSubscriptionAvailable', type: flag, contexts: [connack] },
];

/** The rule of each identifier; undefined where there is no such property. */
export const ruleOfId: readonly (PropertyRule | undefined)[] = Array.from(
  { length: 256 },
  (_, id) => propertyRules.find(rule => rule.id === id),
);

/** The rule of each property by its name. */
export const ruleOfName: ReadonlyMap<string, PropertyRule> = new Map(
  propertyRules.map(rule => [rule.name, rule]),
);

const contextsOf = bitsOf(rule => rule.contexts);
const repeatableOf = bitsOf(rule => rule.repeatable ?? []);

function bitsOf(select: (rule: PropertyRule) => readonly PropertyContext[]): Uint16Array {
  const bits = new Uint16Array(256);
  for (const rule of propertyRules) {
    for (const context of select(rule)) bits[rule.id] |= 1 << context;
  }
  return bits;
}

/** Whether the property `id` (0 to 255) may stand in `context`; false when there is none. */
export function isPropertyOf(context: PropertyContext, id: number): boolean {
  return ((contextsOf[id] >> context) & 1) === 1;
}

/** Whether the property `id` may stand more than once in `context`. */
export function isRepeatable(context: PropertyContext, id: number): boolean {
  return ((repeatableOf[id] >> context) & 1) === 1;
}
