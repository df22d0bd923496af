/** CONNECT of each attempt: the same but for what earlier connections and fresh credentials say. */
import { type ConnectPacket, encodeClientPacket } from '@godwit/protocol';
import { withCredentials } from './connect-packet.ts';
import type { ServerSettings } from './engine/server-settings.ts';
import { ErrorCode, MqttError } from './errors.ts';
import type { Attempt, ClientOptions, Credentials } from './options.ts';

export class ConnectRequest {
  readonly #credentials: ClientOptions['credentials'];
  /** Every connection begins a session of its own. */
  readonly #startsAfresh: boolean;
  /** The user has chosen the client id. */
  readonly #isNamed: boolean;
  #packet: ConnectPacket;

  /**
   * @param packet without credentials
   * @throws RangeError, URIError for what cannot be encoded
   */
  constructor(packet: ConnectPacket, options: ClientOptions, urls: readonly URL[]) {
    const { credentials, session: { cleanStart = 'first' } = {} } = options;
    this.#credentials = credentials;
    // what begins with Clean Session in 3.x ends with its connection
    this.#startsAfresh = cleanStart === true || packet.protocolVersion < 5;
    this.#isNamed = options.clientId !== undefined && options.clientId !== '';
    this.#packet = packet;
    const known = typeof credentials === 'function' ? [{}] : urls.map(url => this.#known(url));
    for (const each of known) {
      encodeClientPacket(withCredentials(packet, each), packet.protocolVersion);
    }
  }

  /** Asks for the credentials anew. @throws what the user's function throws */
  async make(attempt: Attempt): Promise<ConnectPacket> {
    const credentials = this.#credentials;
    const known =
      typeof credentials === 'function' ? await credentials(attempt) : this.#known(attempt.url);
    return withCredentials(this.#packet, known);
  }

  /**
   * Goes on with a session of an earlier process, which the server knows by this name.
   * @throws MqttError 'store-failed' when it is another client's
   */
  resume(clientId: string): void {
    const { cleanStart } = this.#packet;
    if (this.#isNamed && clientId !== this.#packet.clientId) {
      const message = `the store holds the session of another client, ${JSON.stringify(clientId)}`;
      throw new MqttError(ErrorCode.storeFailed, message);
    }
    this.#packet = { ...this.#packet, clientId, cleanStart: cleanStart && this.#startsAfresh };
  }

  /**
   * The server has accepted: the next connection goes on with what this one began.
   * @returns whether the server still knows what was under way before
   */
  accepted({ clientId, sessionPresent }: ServerSettings): boolean {
    const { cleanStart, protocolVersion } = this.#packet;
    // [MQTT-3.2.2-16] an id that the server assigned is used from now on
    this.#packet = { ...this.#packet, clientId, cleanStart: cleanStart && this.#startsAfresh };
    // 3.1 does not tell: what was asked for is taken for granted
    return sessionPresent || (protocolVersion === 3 && !cleanStart);
  }

  #known(url: URL): Credentials {
    return (this.#credentials as Credentials | undefined) ?? urlCredentials(url);
  }
}

/**
 * User name and password out of `mqtt://user:password@host`.
 * @throws URIError when they are not well encoded
 */
function urlCredentials({ username, password }: URL): Credentials {
  if (username === '') return {};
  const name = decodeURIComponent(username);
  return password === ''
    ? { username: name }
    : { username: name, password: decodeURIComponent(password) };
}
