/** The options that say which server, and how to reach it: the same for `pub`, `sub` and `bench`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TlsClientOptions } from '@godwit/client/node';
import { checkServerUrl } from '@godwit/transport/node';
import type { Command } from 'commander';
import { UsageError } from '../usage-error.ts';
import { integer } from './numbers.ts';
import { readUrl, type ServerUrl } from './server-url.ts';

export interface ServerValues {
  readonly host: string;
  readonly port?: number;
  readonly unix?: string;
  readonly url?: ServerUrl;
  readonly username?: string;
  readonly pw?: string;
  readonly cafile?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly insecure?: boolean;
  readonly proxy?: string;
}

/** A server, who we are to it, and the way there. */
export interface ServerAddress {
  readonly url: string;
  readonly tls?: TlsClientOptions;
  readonly proxy?: string;
  readonly username?: string;
  readonly password?: string;
}

const portMax = 65_535;
const plainPort = 1883;
const securePort = 8883;

/** Adds the options; their values are {@link ServerValues}. */
export function addServerOptions(command: Command, host: string): Command {
  return command
    .helpOption('--help', 'show this')
    .option('-h, --host <host>', 'name or address of the server', host)
    .option('-p, --port <port>', 'its port: 1883, and 8883 for TLS', integer(1, portMax))
    .option('--unix <path>', 'its Unix socket')
    .option(
      '-L, --url <url>',
      'all at once: mqtt(s)://[user[:password]@]host[:port]/topic, ws(s)://host[:port]/path',
      readUrl,
    )
    .option('-u, --username <name>', 'user name')
    .option('-P, --pw <password>', 'password')
    .option('--cafile <file>', "TLS: who may have signed the server's certificate, in PEM")
    .option('--cert <file>', 'TLS: our own certificate, in PEM')
    .option('--key <file>', 'TLS: its key, in PEM')
    .option('--insecure', 'TLS: take any certificate, whoever shows it')
    .option('--proxy <url>', 'go through socks5:// or http://[user:password@]host[:port]');
}

/** @throws UsageError for options that do not go together, or files that cannot be read */
export function serverAddress(values: ServerValues): ServerAddress {
  const { url: given, proxy } = values;
  const tls = tlsOptions(values);
  const url = given?.server ?? ownUrl(values, tls !== undefined);
  if (given !== undefined && (values.unix ?? values.port) !== undefined) {
    throw new UsageError('-L says all of the server: leave out -p and --unix');
  }
  if (tls !== undefined && !/^(mqtts|wss):/.test(url)) {
    throw new UsageError('--cafile, --cert, --key and --insecure need mqtts:// or wss://');
  }
  try {
    checkServerUrl(new URL(url), { proxy });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return {
    url,
    tls,
    proxy,
    username: values.username ?? given?.username,
    password: values.pw ?? given?.password,
  };
}

function ownUrl({ host, port, unix }: ServerValues, isSecure: boolean): string {
  if (unix !== undefined) {
    if (port !== undefined) throw new UsageError('a Unix socket has no port: leave out -p');
    return `unix:${resolve(unix).split('/').map(encodeURIComponent).join('/')}`;
  }
  const name = host.includes(':') ? `[${host}]` : host;
  // as Mosquitto's clients have it, the port alone says TLS as well
  if (isSecure || port === securePort) return `mqtts://${name}:${port ?? securePort}`;
  return `mqtt://${name}:${port ?? plainPort}`;
}

function tlsOptions(values: ServerValues): TlsClientOptions | undefined {
  const { cafile, cert, key, insecure } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError('--cert and --key go together');
  }
  if ((cafile ?? cert ?? insecure) === undefined) return undefined;
  return {
    ca: content(cafile),
    cert: content(cert),
    key: content(key),
    rejectUnauthorized: insecure !== true,
  };
}

function content(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}
