/**
 * What a server may do without and still conform. A case that needs a capability does not apply
 * where it is missing. Most are read from CONNACK; the file about the system under test says the
 * rest, and has the last word.
 */
import type { ConnackPacket, QoS } from '@godwit/protocol';

/** Every capability, and whether a server has it as long as nothing says otherwise. */
export const capabilityDefaults = {
  /** Takes messages with QoS 1. */
  'qos-1': true,
  /** Takes messages with QoS 2. */
  'qos-2': true,
  'retained-messages': true,
  'wildcard-subscriptions': true,
  'subscription-identifiers': true,
  'shared-subscriptions': true,
  /** Takes topic aliases from clients. */
  'topic-aliases': true,
  /** Assigns an identifier to a client that has none. */
  'assigned-client-identifiers': true,
  /** Refuses a user name that it does not know. */
  authentication: false,
  /** Has the method of enhanced authentication that the file's `[auth]` is about. */
  'enhanced-authentication': false,
  /** Refuses messages to topics whose last level is `forbidden`, filters whose last is `hidden`. */
  authorization: false,
} as const;
export type Capability = keyof typeof capabilityDefaults;

export const capabilityNames: readonly Capability[] = Object.keys(
  capabilityDefaults,
) as Capability[];

/** Which capabilities a server has. */
export type Capabilities = Readonly<Record<Capability, boolean>>;

/**
 * @param connack of a 5.0 connection; null where the server does not speak 5.0
 * @param stated by the file about the system under test
 */
export function capabilitiesOf(
  connack: ConnackPacket | null,
  stated: Readonly<Partial<Record<Capability, boolean>>>,
): Capabilities {
  const announced = connack === null ? {} : announcedBy(connack);
  return { ...capabilityDefaults, ...announced, ...stated };
}

function announcedBy({ properties = {} }: ConnackPacket): Partial<Record<Capability, boolean>> {
  return {
    'qos-1': properties.maximumQoS !== 0,
    'qos-2': properties.maximumQoS === undefined,
    'retained-messages': properties.retainAvailable ?? true,
    'wildcard-subscriptions': properties.wildcardSubscriptionAvailable ?? true,
    'subscription-identifiers': properties.subscriptionIdentifierAvailable ?? true,
    'shared-subscriptions': properties.sharedSubscriptionAvailable ?? true,
    'topic-aliases': (properties.topicAliasMaximum ?? 0) > 0,
  };
}

/** The highest QoS that a server takes. */
export function maximumQoSOf(capabilities: Capabilities): QoS {
  if (!capabilities['qos-1']) return 0;
  return capabilities['qos-2'] ? 2 : 1;
}
