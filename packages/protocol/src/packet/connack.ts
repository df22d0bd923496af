/** CONNACK: the server's answer to CONNECT. */
import type { FieldReader } from './field-reader.ts';
import { allocatePacket } from './field-writer.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { Properties } from './property.ts';
import {
  propertiesLength,
  propertyBlockLength,
  readProperties,
  trimProperties,
  writeProperties,
} from './property-codec.ts';
import { malformedPacket, protocolViolation } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';
import { checkReasonCode, readReasonCode } from './reason-field.ts';

export type ConnackProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumQoS'
  | 'retainAvailable'
  | 'maximumPacketSize'
  | 'assignedClientIdentifier'
  | 'topicAliasMaximum'
  | 'reasonString'
  | 'userProperties'
  | 'wildcardSubscriptionAvailable'
  | 'subscriptionIdentifierAvailable'
  | 'sharedSubscriptionAvailable'
  | 'serverKeepAlive'
  | 'responseInformation'
  | 'serverReference'
  | 'authenticationMethod'
  | 'authenticationData'
>;

export interface ConnackPacket {
  type: typeof PacketType.connack;
  /** False in 3.1, which has no such flag. */
  sessionPresent: boolean;
  /**
   * A reason code of 5.0; 3.x return codes are translated both ways. 3.x has no code for a
   * malformed CONNECT, there a server closes without an answer [MQTT-3.2.2-6].
   */
  reasonCode: number;
  /** 5.0 only; not written in 3.x. */
  properties?: ConnackProperties;
}

const type = PacketType.connack;

/** Reason codes of the return codes 0 to 5 of 3.x. */
const reasonOfReturnCode: readonly number[] = [
  ReasonCode.success,
  ReasonCode.unsupportedProtocolVersion,
  ReasonCode.clientIdentifierNotValid,
  ReasonCode.serverUnavailable,
  ReasonCode.badUserNameOrPassword,
  ReasonCode.notAuthorized,
];

/** Refusals that a later attempt may not meet: in 3.x, "server unavailable". */
const passing: ReadonlySet<number> = new Set([
  ReasonCode.unspecifiedError,
  ReasonCode.implementationSpecificError,
  ReasonCode.serverBusy,
  ReasonCode.quotaExceeded,
  ReasonCode.useAnotherServer,
  ReasonCode.serverMoved,
  ReasonCode.connectionRateExceeded,
]);

/** The return code nearest to a reason code: of what lasts, "not authorized" is the closest. */
function returnCodeOf(reasonCode: number): number {
  const exact = reasonOfReturnCode.indexOf(reasonCode);
  if (exact !== -1) return exact;
  return passing.has(reasonCode) ? 3 : 5;
}

export function decodeConnack(reader: FieldReader, version: ProtocolVersion): ConnackPacket {
  const flags = reader.readByte();
  // 3.1 has a reserved byte here that a receiver does not look at
  if (version !== 3 && flags > 1) {
    throw malformedPacket('CONNACK has reserved flags'); // [MQTT-3.2.2-1]
  }
  const sessionPresent = version !== 3 && flags === 1;
  const reasonCode = version === 5 ? readReasonCode(reader, type) : readReturnCode(reader);
  const packet: ConnackPacket = { type, sessionPresent, reasonCode };
  if (version === 5) {
    const properties = readProperties(reader, type);
    if (properties !== undefined) packet.properties = properties;
  }
  reader.expectEnd();
  // [MQTT-3.2.2-6], in 3.1.1 [MQTT-3.2.2-4]
  if (sessionPresent && reasonCode !== ReasonCode.success) {
    throw protocolViolation('CONNACK refuses with Session Present');
  }
  return packet;
}

function readReturnCode(reader: FieldReader): number {
  const code = reader.readByte();
  if (code >= reasonOfReturnCode.length) throw malformedPacket('CONNACK return code is reserved');
  return reasonOfReturnCode[code];
}

export function encodeConnack(
  packet: ConnackPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { sessionPresent, reasonCode } = packet;
  checkReasonCode(type, reasonCode);
  if (sessionPresent && reasonCode !== ReasonCode.success) {
    throw new RangeError('CONNACK refuses with sessionPresent');
  }
  if (version !== 5) {
    const bytes = allocatePacket(type << 4, 2, maximumPacketSize);
    if (bytes === null) return null;
    bytes[2] = sessionPresent && version === 4 ? 1 : 0;
    bytes[3] = returnCodeOf(reasonCode);
    return bytes;
  }
  const properties = trimProperties(packet.properties, type, 2, maximumPacketSize);
  const length = propertiesLength(properties, type);
  const bodyLength = 2 + propertyBlockLength(length);
  const bytes = allocatePacket(type << 4, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  const at = bytes.length - bodyLength;
  bytes[at] = sessionPresent ? 1 : 0;
  bytes[at + 1] = reasonCode;
  writeProperties(bytes, at + 2, properties, length);
  return bytes;
}
