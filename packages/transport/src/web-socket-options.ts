/** How both sides set up the WebSockets that carry MQTT. */

interface WebSocketOptions {
  readonly maxPayload: number;
  readonly perMessageDeflate: false;
  readonly skipUTF8Validation: true;
  readonly closeTimeout: number;
}

const messageBytesDefault = 16 * 1024 * 1024;
const closeMs = 10_000;

/** @param messageBytesMax what a message may have; it is kept until it is whole */
export function webSocketOptions(messageBytesMax: number = messageBytesDefault): WebSocketOptions {
  return {
    maxPayload: messageBytesMax,
    // Costs 300 KB a connection and much time, and what is secret may leak by its length.
    perMessageDeflate: false,
    // Text is refused whatever it says.
    skipUTF8Validation: true,
    // How long the peer may take to answer Close.
    closeTimeout: closeMs,
  };
}
