/**
 * Where to connect next: the URLs that were given, in turn, and those that a server refers to. It
 * never leads from an encrypted connection to one that is not.
 */
import { limits } from '../limits.ts';

/** Schemes under which the peer is authenticated and nobody reads along. */
const secureProtocols: ReadonlySet<string> = new Set(['mqtts:', 'wss:', 'tls:', 'ssl:', 'https:']);

export class Targets {
  readonly #urls: URL[];
  #at: number;
  /** Where a server sent us for the time being. */
  #detour: URL | null;
  /** References followed, and URLs given up, since the last rest. */
  #hops: number;
  #tried: number;

  /** @param urls at least one */
  constructor(urls: readonly URL[]) {
    this.#urls = [...urls];
    this.#at = 0;
    this.#detour = null;
    this.#hops = 0;
    this.#tried = 0;
  }

  get current(): URL {
    return this.#detour ?? this.#urls[this.#at];
  }

  /** Gives the current one up. @returns false when each has been tried since the last rest */
  advance(): boolean {
    this.#detour = null;
    this.#at = (this.#at + 1) % this.#urls.length;
    this.#tried += 1;
    return this.#tried < this.#urls.length;
  }

  /**
   * Goes where the server refers to, or returns false: it is no address, less secure, or too far.
   * @param isMoved for good: the new address replaces the old one
   */
  follow(reference: string, isMoved: boolean): boolean {
    if (this.#hops >= limits.serverReferencesMax) return false;
    const url = referredTo(reference, this.current);
    if (url === undefined) return false;
    this.#hops += 1;
    this.#detour = isMoved ? null : url;
    if (isMoved) this.#urls[this.#at] = url;
    return true;
  }

  /** A pause, or a connection that stood: all may be tried anew. */
  rest(): void {
    this.#hops = 0;
    this.#tried = 0;
  }
}

/** The first acceptable one of the addresses, `host:port` or URLs, with spaces between. */
function referredTo(reference: string, from: URL): URL | undefined {
  for (const address of reference.split(' ')) {
    const url = address.includes('://') ? otherUrl(address, from) : otherHost(address, from);
    if (url !== undefined && (url.protocol === from.protocol || isSecure(url))) return url;
  }
  return undefined;
}

function isSecure({ protocol }: URL): boolean {
  return secureProtocols.has(protocol);
}

function otherUrl(address: string, { username, password }: URL): URL | undefined {
  const url = URL.parse(address);
  if (url === null || url.hostname === '') return undefined;
  url.username = username;
  url.password = password;
  return url;
}

/** The same URL but for host and port. */
function otherHost(address: string, from: URL): URL | undefined {
  const given = URL.parse(`${from.protocol}//${address}`);
  if (given === null || given.hostname === '') return undefined;
  const url = new URL(from);
  url.hostname = given.hostname;
  url.port = given.port;
  return url;
}
