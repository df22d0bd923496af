/**
 * What a client tells Node's `diagnostics_channel`: connections always, messages when somebody
 * listened as the client was made, so that they cost nothing otherwise.
 */
import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Client } from './client.ts';
import type { ServerSettings } from './engine/server-settings.ts';
import type { Middleware } from './middleware/middleware.ts';
import type { ClientOptions } from './options.ts';

const up = channel('godwit:client:up');
const down = channel('godwit:client:down');
const receive = channel('godwit:client:receive');
const publish = tracingChannel('godwit:client:publish');

/** Adds the step that tells of messages, innermost: it sees them as they are on the wire. */
export function diagnosed<O extends ClientOptions>(options: O): O {
  if (!(receive.hasSubscribers || publish.hasSubscribers)) return options;
  return { ...options, use: [...(options.use ?? []), telling] };
}

/** Tells of the client's connections. */
export function diagnose(client: Client): Client {
  const onUp = (server: ServerSettings): void => {
    if (up.hasSubscribers) up.publish({ client, server });
  };
  if (client.server !== undefined) onUp(client.server);
  client.on('up', onUp);
  client.on('down', error => {
    if (down.hasSubscribers) down.publish({ client, error });
  });
  return client;
}

const telling: Middleware = {
  publish(message, next) {
    const { topic, payload, options } = message;
    const context = { topic, qos: options.qos ?? 0, bytes: payload.length };
    return publish.tracePromise(() => next(message), context);
  },
  receive(message, next) {
    const { topic, qos, payload } = message;
    if (receive.hasSubscribers) receive.publish({ topic, qos, bytes: payload.length });
    next();
  },
};
