/** Reads the URL of a proxy. */

export interface ProxyAddress {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  /** '' where there are no credentials. */
  readonly username: string;
  readonly password: string;
}

const kinds: Readonly<Record<string, Pick<ProxyAddress, 'kind' | 'port'> | undefined>> = {
  'socks5:': { kind: 'socks5', port: 1080 },
  // as others call it where the proxy looks up names, which ours always does
  'socks5h:': { kind: 'socks5', port: 1080 },
  'http:': { kind: 'http', port: 8080 },
};

const socksFieldBytesMax = 255;

/**
 * `socks5://[user:password@]host[:1080]` or `http://[user:password@]host[:8080]`.
 * @throws TypeError for anything else; it does not repeat the URL, which may hold a password
 */
export function proxyAddress(url: string | URL): ProxyAddress {
  const parsed = URL.parse(`${url}`);
  const known = parsed === null ? undefined : kinds[parsed.protocol];
  const isBare = parsed !== null && /^\/?$/.test(parsed.pathname + parsed.search + parsed.hash);
  if (parsed === null || known === undefined || parsed.hostname === '' || !isBare) {
    throw new TypeError('the proxy is not of the form socks5://host:port or http://host:port');
  }
  const [username, password] = [parsed.username, parsed.password].map(decoded);
  const isTooLong = [username, password].some(part => Buffer.byteLength(part) > socksFieldBytesMax);
  if (isTooLong || username.includes(':')) {
    throw new TypeError('the user name or password of the proxy is too long, or has a colon');
  }
  return {
    kind: known.kind,
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? known.port : Number(parsed.port),
    username,
    password,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TypeError('the user name or password of the proxy is not well encoded');
  }
}
