/** A message of the accept log that is in flight to one durable session. */

const packetIds = 65_535;

/**
 * The packet identifier of a session's delivery `number`. It follows from the number, so that a
 * message sent again after a crash has the one that the client knows it by. [MQTT-4.4.0-1]
 */
export function packetIdOf(number: number): number {
  return ((number - 1) % packetIds) + 1;
}

/** Where a session's target is in its entry, with its QoS and whether it is shared: one number. */
export function placeOf(offset: number, qos: 1 | 2, isShared: boolean): number {
  return offset * 4 + (isShared ? 2 : 0) + (qos - 1);
}

export function offsetOf(place: number): number {
  return Math.floor(place / 4);
}

export function qosOf(place: number): 1 | 2 {
  return place % 2 === 0 ? 1 : 2;
}

export function isSharedPlace(place: number): boolean {
  return place % 4 >= 2;
}

export class StoredDelivery {
  readonly number: number;
  /** Position in the accept log; 0 once the client has the message. */
  at: number;
  readonly place: number;

  constructor(number: number, at: number, place: number) {
    this.number = number;
    this.at = at;
    this.place = place;
  }
}
