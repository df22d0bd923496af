/** Proxies that we did not write: Debian's microsocks (SOCKS 5) and tinyproxy (HTTP CONNECT). */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@godwit/testkit/free-port';
import { deadlineMs } from './inbox.ts';
import { isInstalled, Program } from './program.ts';

const host = '127.0.0.1';

export const proxiesMissing = isInstalled('sh', '-c', 'command -v microsocks tinyproxy')
  ? false
  : 'microsocks and tinyproxy are not installed';

/** Who has to log in, if anybody. */
export interface ProxyUser {
  readonly name: string;
  readonly password: string;
}

export interface RunningProxy extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
}

export async function startMicrosocks(user?: ProxyUser): Promise<RunningProxy> {
  const port = await freePort();
  const login = user === undefined ? [] : ['-u', user.name, '-P', user.password];
  const program = new Program('microsocks', ['-i', host, '-p', `${port}`, ...login]);
  await listening(port);
  return {
    address: `${host}:${port}`,
    [Symbol.asyncDispose]: () => program.stop('SIGTERM'),
  };
}

export async function startTinyproxy(user?: ProxyUser): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-interop-'));
  const port = await freePort();
  const settings = [`Port ${port}`, `Listen ${host}`, 'Timeout 60', 'MaxClients 20'];
  if (user !== undefined) settings.push(`BasicAuth ${user.name} ${user.password}`);
  const config = join(folder, 'tinyproxy.conf');
  await writeFile(config, `${settings.join('\n')}\n`);
  const program = new Program('tinyproxy', ['-d', '-c', config]);
  await listening(port);
  return {
    address: `${host}:${port}`,
    async [Symbol.asyncDispose]() {
      await program.stop('SIGTERM');
      await rm(folder, { recursive: true });
    },
  };
}

/** Neither of them says when it listens. @throws Error when it never does */
async function listening(port: number): Promise<void> {
  const deadline = AbortSignal.timeout(deadlineMs);
  for (;;) {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (deadline.aborted) throw error;
    } finally {
      socket.destroy();
    }
  }
}
