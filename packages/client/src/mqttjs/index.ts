/** The door for programs written for MQTT.js: change the import, keep the program. Node only. */
import type { MqttError } from '../errors.ts';
import { MqttClient } from './mqtt-client.ts';
import { type MqttJsOptions, serverUrls } from './options.ts';

export {
  MqttClient,
  type MqttJsGrant,
  type MqttJsPacket,
  type MqttJsPayload,
  type MqttJsPublishOptions,
  type MqttJsSubscribeOptions,
} from './mqtt-client.ts';
export type { MqttJsOptions } from './options.ts';
export type { MqttJsProperties } from './properties.ts';

/**
 * As `connect` of MQTT.js: begins to connect, and returns the client.
 * @throws TypeError, RangeError for options that make no sense, or have no counterpart here
 */
export function connect(url: string | MqttJsOptions, options: MqttJsOptions = {}): MqttClient {
  if (typeof url !== 'string') return new MqttClient(serverUrls(url), url);
  return new MqttClient(serverUrls(options, url), withUserOf(new URL(url), options));
}

/** As `connect`, and resolves with the client once it is connected. @throws what prevented it */
export function connectAsync(
  url: string | MqttJsOptions,
  options?: MqttJsOptions,
): Promise<MqttClient> {
  const client = connect(url, options);
  return new Promise((resolve, reject) => {
    const onError = (error: MqttError): void => {
      reject(error);
      void client.endAsync(true);
    };
    client.once('connect', () => {
      client.off('error', onError);
      resolve(client);
    });
    client.once('error', onError);
  });
}

/** User name and password may stand in the URL. */
function withUserOf({ username, password }: URL, options: MqttJsOptions): MqttJsOptions {
  if (username === '') return options;
  const found = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  return { ...found, ...options };
}

const mqtt: {
  connect: typeof connect;
  connectAsync: typeof connectAsync;
  MqttClient: typeof MqttClient;
} = { connect, connectAsync, MqttClient };

// `import mqtt from 'mqtt'` is how most programs begin
export { mqtt as default };
