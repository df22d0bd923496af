/**
 * Turns a `mosquitto.conf` into a configuration of this server: what has an equivalent becomes a
 * key, everything else a comment that says so.
 */
import { type Limits, limitRanges } from '@godwit/broker';

/** A setting that has no equivalent here. */
export interface Unmapped {
  /** Of the file, from 1. */
  readonly line: number;
  readonly text: string;
}

export interface MappedConf {
  readonly toml: string;
  readonly unmapped: readonly Unmapped[];
}

interface Listener {
  readonly port: number;
  readonly host: string;
  readonly socket: string | null;
  readonly settings: Map<string, string>;
}

const defaultPort = 1883;
/** Of this program and nothing to tell of. */
const silent = new Set([
  ...['persistence', 'persistence_file', 'persistence_location', 'autosave_interval'],
  ...['autosave_on_changes', 'pid_file', 'user', 'set_tcp_nodelay', 'per_listener_settings'],
  ...['connection_messages', 'log_timestamp', 'log_timestamp_format'],
]);
const generalSettings = new Set(['port', 'bind_address', 'password_file', 'acl_file']);
const listenerSettings = new Set([
  ...['protocol', 'certfile', 'keyfile', 'cafile', 'require_certificate', 'tls_version'],
  'ciphers',
]);

/** Settings that are bounds here: name, bound, and what Mosquitto's number means for it. */
const bounds: Readonly<Record<string, readonly [keyof Limits, (value: string) => number | null]>> =
  {
    max_inflight_messages: ['inflightMax', value => Number(value) || 65_535],
    max_queued_messages: ['queueMessagesMax', value => Number(value) || 100_000_000],
    max_queued_bytes: ['queueBytesMax', value => Number(value) || Number.MAX_SAFE_INTEGER],
    max_packet_size: ['packetBytesMax', value => Number(value) || null],
    max_keepalive: ['keepAliveMaxSeconds', Number],
    persistent_client_expiration: ['sessionExpiryMaxSeconds', durationSeconds],
    max_qos: ['maximumQoS', Number],
    max_topic_alias: ['topicAliasMaximum', Number],
  };

const unitSeconds = { h: 3600, d: 86_400, w: 604_800, m: 2_592_000, y: 31_536_000 } as const;

/** Files that are read here as they are. */
export interface SecurityFiles {
  readonly passwordFile?: string | undefined;
  readonly aclFile?: string | undefined;
}

/**
 * @param conf the file
 * @param dataDir what `storage.dataDir` is to be
 * @param files instead of those that `conf` names
 */
export function mapMosquittoConf(conf: string, dataDir: string, files: SecurityFiles): MappedConf {
  const mapping = new Mapping();
  for (const [at, line] of conf.split('\n').entries()) mapping.line(at + 1, line.trim());
  return mapping.finish(dataDir, files);
}

class Mapping {
  readonly #unmapped: Unmapped[] = [];
  readonly #listeners: Listener[] = [];
  readonly #limits = new Map<keyof Limits, number>();
  readonly #general: Map<string, string> = new Map();
  #features: string[] = [];
  #allowsAnonymous: boolean | null = null;
  /** In the section of a bridge, where nothing has an equivalent. */
  #isBridge = false;

  line(line: number, text: string): void {
    if (text === '' || text.startsWith('#')) return;
    const [, name, value] = /^(\S+)\s*(.*)$/.exec(text)!;
    if (name === 'connection') this.#isBridge = true;
    if (name === 'listener') this.#isBridge = false;
    if (this.#isBridge || !this.#set(name, value)) this.#unmapped.push({ line, text });
  }

  finish(dataDir: string, files: SecurityFiles): MappedConf {
    const tables = [
      this.#listenerTables(),
      this.#securityTables(files),
      `[storage]\ndataDir = ${JSON.stringify(dataDir)}\n`,
      this.#features.length > 0 ? `[features]\n${this.#features.join('')}` : '',
      this.#limitTable(),
      this.#comments(),
    ];
    const toml = tables.filter(table => table !== '').join('\n');
    return { toml, unmapped: this.#unmapped };
  }

  /** @returns false for what has no equivalent */
  #set(name: string, value: string): boolean {
    if (silent.has(name)) return true;
    if (name === 'listener') return this.#listen(value);
    if (generalSettings.has(name)) {
      // Here there is one file for all listeners: another one is told.
      if (this.#general.has(name) && this.#general.get(name) !== value) return false;
      this.#general.set(name, value);
      return true;
    }
    if (listenerSettings.has(name)) return this.#listenerSetting(name, value);
    if (name === 'allow_anonymous') {
      // More than one listener may say it; here it is the same for all, so the strict one counts.
      this.#allowsAnonymous = value === 'true' && this.#allowsAnonymous !== false;
      return true;
    }
    if (name === 'retain_available') {
      this.#features = value === 'false' ? ['retain = false\n'] : [];
      return true;
    }
    return this.#bound(name, value);
  }

  #listen(value: string): boolean {
    const [port, address] = value.split(/\s+/);
    if (port === '0' && address !== undefined) {
      this.#listeners.push({ port: 0, host: '', socket: address, settings: new Map() });
      return true;
    }
    if (!(Number(port) >= 1 && Number(port) <= 65_535)) return false;
    const host = address ?? '0.0.0.0';
    this.#listeners.push({ port: Number(port), host, socket: null, settings: new Map() });
    return true;
  }

  #listenerSetting(name: string, value: string): boolean {
    const isKnown =
      (name !== 'protocol' || ['mqtt', 'websockets'].includes(value)) &&
      (name !== 'tls_version' || ['tlsv1.2', 'tlsv1.3'].includes(value));
    if (isKnown) (this.#listeners.at(-1)?.settings ?? this.#general).set(name, value);
    return isKnown;
  }

  #bound(name: string, value: string): boolean {
    const found = Object.hasOwn(bounds, name) ? bounds[name] : undefined;
    if (found === undefined) return false;
    const [limit, read] = found;
    const number = read(value);
    if (number === null || !Number.isInteger(number)) return false;
    const [min, max] = limitRanges[limit];
    const before = this.#limits.get(limit);
    // One bound for all listeners: the widest of theirs.
    const widest = Math.max(before ?? min, Math.min(max, Math.max(min, number)));
    this.#limits.set(limit, widest);
    return true;
  }

  #listenerTables(): string {
    const listeners = [...this.#listeners];
    const isDefaultUsed = this.#general.has('port') || this.#general.has('bind_address');
    const isConfigured = [...listenerSettings].some(name => this.#general.has(name));
    if (isDefaultUsed || (listeners.length === 0 && isConfigured)) {
      const port = Number(this.#general.get('port') ?? defaultPort);
      const host = this.#general.get('bind_address') ?? '0.0.0.0';
      listeners.unshift({ port, host, socket: null, settings: this.#general });
    }
    return listeners.map(listenerTable).join('\n');
  }

  #limitTable(): string {
    if (this.#limits.size === 0) return '';
    const lines = [...this.#limits].map(([name, value]) => `${name} = ${value}\n`);
    return `[limits]\n${lines.join('')}`;
  }

  #securityTables({ passwordFile, aclFile }: SecurityFiles): string {
    const users = passwordFile ?? this.#general.get('password_file');
    const rules = aclFile ?? this.#general.get('acl_file');
    const anonymous = this.#allowsAnonymous === true ? 'always' : 'never';
    const tables: string[] = [];
    if (this.#allowsAnonymous !== null) tables.push(`[auth]\nallowAnonymous = "${anonymous}"\n`);
    if (users !== undefined) {
      tables.push(`[[authenticators]]\ntype = "password"\nfile = ${JSON.stringify(users)}\n`);
    }
    if (rules !== undefined) tables.push(`[acl]\nmosquittoFile = ${JSON.stringify(rules)}\n`);
    return tables.join('\n');
  }

  #comments(): string {
    if (this.#unmapped.length === 0) return '';
    const lines = this.#unmapped.map(({ line, text }) => `# line ${line}: ${oneLine(text)}\n`);
    return `# Without equivalent:\n${lines.join('')}`;
  }
}

function listenerTable({ port, host, socket, settings }: Listener): string {
  const lines: [string, string | number | boolean][] = [];
  const isTls = settings.has('certfile') && settings.has('keyfile');
  const isWebSocket = settings.get('protocol') === 'websockets';
  if (socket !== null) lines.push(['type', 'unix'], ['path', socket]);
  else {
    lines.push(['type', `${isWebSocket ? 'ws' : 'mqtt'}${isTls ? 's' : ''}`]);
    lines.push(['host', host], ['port', port]);
    if (isWebSocket) lines.push(['path', '/mqtt']);
  }
  if (isTls && socket === null) {
    lines.push(['cert', settings.get('certfile')!], ['key', settings.get('keyfile')!]);
    const isRequired = settings.get('require_certificate') === 'true';
    if (settings.has('cafile')) lines.push(['ca', settings.get('cafile')!]);
    if (isRequired) lines.push(['requireClientCert', true]);
    if (settings.get('tls_version') === 'tlsv1.3') lines.push(['minVersion', 'TLSv1.3']);
    if (settings.has('ciphers')) lines.push(['ciphers', settings.get('ciphers')!]);
  }
  const text = lines.map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  return `[[listeners]]\n${text.join('')}`;
}

/** `14d` and the like. */
function durationSeconds(value: string): number | null {
  const [, count, unit] = /^(\d{1,9})([hdwmy])$/.exec(value) ?? [];
  if (count === undefined) return null;
  return Number(count) * unitSeconds[unit as keyof typeof unitSeconds];
}

/** Text of a file that must not end a comment. */
function oneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
}
