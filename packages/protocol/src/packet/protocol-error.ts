/** The one error that codec and flow state throw when the peer's bytes break the protocol. */

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
