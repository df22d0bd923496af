/**
 * How a session lies in a table.
 *
 *     key 0                client id: format u8, UTF-8
 *     key 1 to 65,535      inbound identifier of QoS 2: empty
 *     key 2^16 + 2n        message n: format u8, end of its lifetime f64 (wall clock), PUBLISH
 *     key 2^16 + 2n + 1    message n is in flight: state u8, packet identifier u16
 *
 * PUBLISH is that of MQTT 5.0, without an identifier of its own. Numbers are big-endian.
 */
import {
  decodePacket,
  encodePacket,
  FrameReader,
  type InflightState,
  OutboundState,
  PacketType,
  type PublishPacket,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { StoredMessage, StoredSession } from '../engine/journal.ts';

const format = 1;
const messageHeadBytes = 9;
const frameBytesMax = 2 ** 28 + 4;

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder('utf-8', { fatal: true }) };

export const clientIdKey = 0;
const messageKeys = 2 ** 16;

/** Of the message itself; that it is in flight comes under the next key. */
export function messageKey(sequence: number): number {
  return messageKeys + 2 * sequence;
}

export function encodeClientId(clientId: string): Uint8Array {
  return Uint8Array.of(format, ...utf8.encoder.encode(clientId));
}

/** @throws RangeError when it cannot be encoded */
export function encodeMessage(packet: PublishPacket, expiresAtWallMs: number): Uint8Array {
  const frame = encodePacket({ ...packet, packetId: packet.qos === 0 ? 0 : 1 }, 5)!;
  const value = new Uint8Array(messageHeadBytes + frame.length);
  value[0] = format;
  new DataView(value.buffer).setFloat64(1, expiresAtWallMs);
  value.set(frame, messageHeadBytes);
  return value;
}

export function encodeInflight(state: InflightState, packetId: number): Uint8Array {
  return Uint8Array.of(state, packetId >> 8, packetId & 0xff);
}

/**
 * The session in a table, whose lifetimes go on from what the wall clock says.
 * @throws RangeError, ProtocolError when it is none
 */
export function readSession(
  entries: readonly (readonly [number, Uint8Array])[],
  clock: Clock,
): StoredSession {
  let clientId: string | undefined;
  const inbound: number[] = [];
  const messages = new Map<number, StoredMessage>();
  for (const [key, value] of entries) {
    if (key === clientIdKey) clientId = utf8.decoder.decode(formatted(value).subarray(1));
    else if (key < messageKeys) inbound.push(key);
    else {
      const sequence = Math.floor((key - messageKeys) / 2);
      const isInflight = key % 2 === 1;
      const message = isInflight
        ? inflight(value, sequence, messages.get(sequence))
        : { ...storedMessage(value, clock), sequence, state: undefined };
      messages.set(sequence, message);
    }
  }
  return { clientId, messages: [...messages.values()], inbound };
}

function formatted(value: Uint8Array): Uint8Array {
  if (value[0] === format) return value;
  throw new RangeError(`the session is of format ${value[0]}; expected ${format}`);
}

function storedMessage(
  value: Uint8Array,
  clock: Clock,
): Pick<StoredMessage, 'packet' | 'expiresAt'> {
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const expiresAtWallMs = formatted(value) && view.getFloat64(1);
  const packet = publishOf(value.slice(messageHeadBytes));
  if (expiresAtWallMs === Number.POSITIVE_INFINITY) return { packet, expiresAt: expiresAtWallMs };
  // a wall clock that was put back does not prolong it
  const wholeMs = (packet.properties?.messageExpiryInterval ?? 0) * 1000;
  const leftMs = Math.min(expiresAtWallMs - clock.wallMs(), wholeMs);
  return { packet, expiresAt: clock.monotonicMs() + leftMs };
}

function publishOf(frame: Uint8Array): PublishPacket {
  const reader = new FrameReader(frameBytesMax);
  reader.version = 5;
  reader.push(frame);
  if (!reader.next()) throw new RangeError('a stored message is cut short');
  const packet = decodePacket(reader.bytes, reader.header, reader.bodyStart, reader.end, 5);
  if (packet.type !== PacketType.publish) throw new RangeError('a stored message is none');
  packet.packetId = 0;
  return packet;
}

/** Of a message that the server has taken over only the rest of the exchange is stored. */
function inflight(
  value: Uint8Array,
  sequence: number,
  message: StoredMessage | undefined,
): StoredMessage {
  const state = value[0] as InflightState;
  const packetId = (value[1] << 8) | value[2];
  const isTakenOver = state === OutboundState.awaitingPubcomp;
  const isKnown = isTakenOver || (message !== undefined && state === stateOnceSent(message.packet));
  if (value.length !== 3 || !isKnown) throw new RangeError('a stored message in flight is none');
  const packet: PublishPacket = {
    type: PacketType.publish,
    topic: '',
    payload: new Uint8Array(0),
    retain: false,
    dup: false,
    ...message?.packet,
    qos: state === OutboundState.awaitingPuback ? 1 : 2,
    packetId,
  };
  const expiresAt = message?.expiresAt ?? Number.POSITIVE_INFINITY;
  return { packet, expiresAt, sequence, state };
}

/** What a message of QoS 1 or 2 waits for first. */
export function stateOnceSent({ qos }: PublishPacket): InflightState {
  return qos === 1 ? OutboundState.awaitingPuback : OutboundState.awaitingPubrec;
}
