/** The one error that codec and flow state throw when the peer's bytes break the protocol. */
import { ReasonCode } from './reason-code.ts';

/**
 * The peer violated MQTT. Caught in one place, the connection, which answers with `reasonCode`
 * (CONNACK or DISCONNECT where the version has one) and closes.
 *
 * `message` says what was wrong, for logs; it never holds peer data and is never sent.
 */
export class ProtocolError extends Error {
  readonly reasonCode: number;

  constructor(reasonCode: number, message: string) {
    super(message);
    this.name = 'ProtocolError';
    this.reasonCode = reasonCode;
  }
}

/** 0x81: the bytes cannot be parsed as the specification says. */
export function malformedPacket(message: string): ProtocolError {
  return new ProtocolError(ReasonCode.malformedPacket, message);
}

/** 0x82: the bytes can be parsed and say what the specification forbids. */
export function protocolViolation(message: string): ProtocolError {
  return new ProtocolError(ReasonCode.protocolError, message);
}
