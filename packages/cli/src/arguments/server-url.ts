/** `-L`: server, credentials and topic in one URL. */
import { InvalidArgumentError } from 'commander';

export interface ServerUrl {
  /** Without credentials and topic. */
  readonly server: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly topic: string | undefined;
}

const expected =
  'Expected mqtt://[user[:password]@]host[:port]/topic, mqtts:// likewise, ' +
  'ws://host[:port]/path or wss://.';

/**
 * Cuts the topic off before anything is read as a URL: `#`, `?` and `%` are plain characters there.
 * Where the path belongs to the WebSocket there is none.
 * @throws InvalidArgumentError
 */
export function readUrl(text: string): ServerUrl {
  const isWebSocket = /^wss?:/.test(text);
  const pattern = isWebSocket ? /^(wss?:\/\/[^/].*)$/s : /^(mqtts?:\/\/[^/]+)(?:\/(.*))?$/s;
  const [, server = '', topic = ''] = pattern.exec(text) ?? [];
  if (!URL.canParse(server)) throw new InvalidArgumentError(expected);
  const { protocol, host, username, password, pathname, search } = new URL(server);
  return {
    server: `${protocol}//${host}${isWebSocket ? pathname + search : ''}`,
    username: decoded(username),
    password: decoded(password),
    topic: topic === '' ? undefined : topic,
  };
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new InvalidArgumentError(`${expected} Write % in a name or password as %25.`);
  }
}
