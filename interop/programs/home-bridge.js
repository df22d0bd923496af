// Retained states under one prefix, commands under another, birth and last will in between.
import * as mqtt from 'mqtt';

const prefix = 'home/bridge';
const client = mqtt.connect(process.env.MQTT_URL, {
  clientId: 'home-bridge',
  keepalive: 30,
  reconnectPeriod: 5000,
  will: { topic: `${prefix}/state`, payload: 'offline', qos: 1, retain: true },
});
const devices = new Map([
  ['lamp', 'OFF'],
  ['heater', 'OFF'],
]);

function report(name) {
  client.publish(`${prefix}/${name}/state`, devices.get(name), { retain: true, qos: 1 });
}

client.on('connect', connack => {
  console.log('connect', connack.sessionPresent, connack.returnCode);
  client.publish(`${prefix}/state`, 'online', { retain: true, qos: 1 }, error => {
    console.log('birth', error ?? 'ok');
  });
  client.subscribe({ [`${prefix}/+/set`]: { qos: 1 }, [`${prefix}/+/get`]: { qos: 0 } }, () => {
    const panel = mqtt.connect(process.env.MQTT_URL, { clientId: 'panel' });
    panel.on('message', (topic, payload) => {
      console.log('panel', topic, payload.toString());
      if (topic.endsWith('/heater/state')) {
        panel.end(true, () => client.end(() => console.log('bye')));
      }
    });
    panel.on('connect', () =>
      panel.subscribe(`${prefix}/#`, { qos: 1 }, () => {
        panel.publish(`${prefix}/lamp/set`, 'ON', { qos: 1 });
        panel.publish(`${prefix}/heater/set`, 'ON', { qos: 1 });
      }),
    );
  });
});
client.on('message', (topic, payload) => {
  const [, , name, verb] = topic.split('/');
  if (verb !== 'set' || !devices.has(name)) return;
  devices.set(name, payload.toString());
  report(name);
});
client.on('error', error => console.log('error', error.message));
