// One handler for each filter, as many programs do it; overlapping filters at QoS 2.
import mqtt from 'mqtt';

const client = mqtt.connect(process.env.MQTT_URL, { clientId: 'wildcards' });
const handlers = [
  [/^sensors\/([^/]+)\/temperature$/, (room, value) => console.log(`${room}: ${value} degrees`)],
  [/^sensors\/([^/]+)\/alarm$/, room => console.log(`alarm in ${room}`)],
];
let left = 3;

client.on('message', (topic, payload) => {
  for (const [pattern, handle] of handlers) {
    const match = pattern.exec(topic);
    if (match) handle(match[1], payload.toString());
  }
  left -= 1;
  if (left === 0) {
    client.unsubscribe(['sensors/+/temperature', 'sensors/+/alarm'], error => {
      console.log('unsubscribed', error ?? 'ok');
      client.end();
    });
  }
});
client.on('connect', () => {
  client.subscribe('sensors/+/temperature', { qos: 2 });
  client.subscribe('sensors/+/alarm', { qos: 2 });
  client.publish('sensors/kitchen/temperature', '21', { qos: 2 });
  client.publish('sensors/hall/alarm', '', { qos: 2 });
  client.publish('sensors/hall/temperature', '19', { qos: 2 }, error => {
    console.log('published', error ?? 'ok');
  });
});
