/** How far a client's life has come: what its parts ask before they begin something. */
import { ErrorCode, MqttError } from './errors.ts';

export class Lifetime {
  /** `close` was called: nothing new begins, what is under way may still be finished. */
  isClosing: boolean;
  /** Why nothing can be sent any longer; set before the connection is quite gone. */
  ended: MqttError | undefined;

  constructor() {
    this.isClosing = false;
    this.ended = undefined;
  }

  /** Why nothing new may begin, if so. */
  get obstacle(): MqttError | undefined {
    return this.ended ?? (this.isClosing ? closedHere() : undefined);
  }
}

export function closedHere(): MqttError {
  return new MqttError(ErrorCode.closed, 'the client was closed');
}
