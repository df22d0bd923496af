/** Where a connection with an Authentication Method stands. Knows nothing of packets' meaning. */
import type { ConnectPacket } from '@godwit/protocol';
import type { AuthExchange, AuthMethod } from '../auth-method.ts';

export class Authentication {
  readonly method: AuthMethod;
  /** Null while none is under way: that is, after success. */
  exchange: AuthExchange | null;
  /** Challenges of the exchange under way. */
  challenges: number;
  /** What is to be gone on with after success; null once that is so. */
  connect: ConnectPacket | null;

  constructor(method: AuthMethod, connect: ConnectPacket) {
    this.method = method;
    this.exchange = null;
    this.challenges = 0;
    this.connect = connect;
  }
}
