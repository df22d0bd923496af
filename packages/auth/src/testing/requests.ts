/** What a client says of itself, for tests. */
import type { ConnectRequest } from '@godwit/broker';

/** A client of 5.0 on this machine, with what a test changes about it. */
export function request(changes: Partial<ConnectRequest> = {}): ConnectRequest {
  return {
    clientId: 'c',
    username: undefined,
    password: undefined,
    protocolVersion: 5,
    remoteAddress: '127.0.0.1',
    remotePort: 1,
    cleanStart: true,
    userProperties: [],
    ...changes,
  };
}

/** A request with user name and password. */
export function login(username: string, password: string): ConnectRequest {
  return request({ username, password: Buffer.from(password) });
}
