/**
 * What MQTT 5.0 lets a server leave out. What is off is declared in CONNACK, and refused when it is
 * used all the same.
 */
import type { ConnackProperties } from '@godwit/protocol';

export interface Features {
  /** Off: a PUBLISH with RETAIN ends the connection, a retained will is refused; both with 0x9A. */
  retain: boolean;
  /** Off: a filter with a wildcard gets 0xA2 in SUBACK. */
  wildcardSubscriptions: boolean;
  /** Off: a SUBSCRIBE with a Subscription Identifier ends the connection with 0xA1. */
  subscriptionIdentifiers: boolean;
  /** Off: a filter with `$share` gets 0x9E in SUBACK. */
  sharedSubscriptions: boolean;
}

export const defaultFeatures: Readonly<Features> = Object.freeze({
  retain: true,
  wildcardSubscriptions: true,
  subscriptionIdentifiers: true,
  sharedSubscriptions: true,
});

/**
 * Defaults with `given` laid over them.
 * @throws RangeError for an unknown name or a value that is no boolean
 */
export function resolveFeatures(given: Partial<Features>): Features {
  const features: Features = { ...defaultFeatures };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaultFeatures, name)) {
      throw new RangeError(`features.${name}: there is no such feature`);
    }
    if (typeof value !== 'boolean') {
      throw new RangeError(`features.${name}: is ${value}, expected true or false`);
    }
    features[name as keyof Features] = value;
  }
  return features;
}

/** Enters what is off; a feature that is not mentioned is on. (Sections 3.2.2.3.5, .11 to .13) */
export function declareFeatures(features: Features, properties: ConnackProperties): void {
  if (!features.retain) properties.retainAvailable = false;
  if (!features.wildcardSubscriptions) properties.wildcardSubscriptionAvailable = false;
  if (!features.subscriptionIdentifiers) properties.subscriptionIdentifierAvailable = false;
  if (!features.sharedSubscriptions) properties.sharedSubscriptionAvailable = false;
}
