/** `-L`: server, credentials and topic in one URL. */
import { InvalidArgumentError } from 'commander';

export interface ServerUrl {
  /** Without credentials and topic. */
  readonly server: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly topic: string | undefined;
}

const expected = 'Expected mqtt://[user[:password]@]host[:port]/topic.';

/**
 * Cuts the topic off before anything is read as a URL: `#`, `?` and `%` are plain characters there.
 * @throws InvalidArgumentError
 */
export function readUrl(text: string): ServerUrl {
  const [, server = '', topic = ''] = /^(mqtt:\/\/[^/]+)(?:\/(.*))?$/s.exec(text) ?? [];
  if (!URL.canParse(server)) throw new InvalidArgumentError(expected);
  const { host, username, password } = new URL(server);
  return {
    server: `mqtt://${host}`,
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
