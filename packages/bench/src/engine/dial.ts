/** Connects one client. */
import type { ConnackPacket } from '@godwit/protocol';
import { connectUrl } from '@godwit/transport/node';
import { Link } from './link.ts';
import type { ServerSettings } from './server-settings.ts';
import type { Tick } from './tick.ts';

/** An accepted connection. */
export interface Dialled {
  readonly link: Link;
  readonly connack: ConnackPacket;
}

/**
 * @param address of this machine, to connect from; undefined: the system chooses
 * @throws Error when that fails, or the server refuses
 */
export async function dial(
  settings: ServerSettings,
  tick: Tick,
  clientId: string,
  address: string | undefined,
): Promise<Dialled> {
  const { url, tls, proxy, connectTimeoutMs } = settings;
  const { clock } = tick;
  const stream = await connectUrl(new URL(url), {
    tls,
    proxy,
    timeoutMs: connectTimeoutMs,
    clock,
    ...(address !== undefined && { localAddress: address }),
  });
  const link = new Link(stream, settings, tick);
  const timer = clock.after(connectTimeoutMs, () => link.destroy());
  try {
    return { link, connack: await link.connect(clientId) };
  } catch (error) {
    link.destroy();
    throw error;
  } finally {
    timer.cancel();
  }
}
