import mqtt from 'mqtt';

const client = mqtt.connect(process.env.MQTT_URL);

client.on('connect', () => {
  client.subscribe('presence', err => {
    if (!err) {
      client.publish('presence', 'Hello mqtt');
    }
  });
});

client.on('message', (topic, message) => {
  // message is Buffer
  console.log(topic, message.toString(), Buffer.isBuffer(message));
  client.end();
});

client.on('close', () => console.log('close', client.connected));
client.on('end', () => console.log('end'));
