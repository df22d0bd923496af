// What goes wrong: invalid topics, nobody listening, and an end that waits for nothing.
import mqtt from 'mqtt';

const client = mqtt.connect(process.env.MQTT_URL);
client.subscribe('a/#/b', error => console.log('subscribe', error instanceof Error));
client.once('connect', () => {
  client.end(true, () => {
    console.log('ended', client.connected);
    client.publish('a', 'x', error => {
      // MQTT.js sends it all the same, once it is connected again
      if (!error) return;
      console.log(error.message);
      client.once('connect', () => {
        console.log('again');
        client.end(true);
      });
      client.reconnect();
    });
  });
});

const nobody = mqtt.connect('mqtt://127.0.0.1:1', { reconnectPeriod: 50 });
let attempts = 0;
nobody.on('error', error => {
  console.log(error.code);
  if (attempts === 2) nobody.end();
});
nobody.on('offline', () => console.log('offline', nobody.reconnecting));
nobody.on('reconnect', () => {
  attempts += 1;
  console.log('reconnect', nobody.reconnecting);
});
