import { connectAsync } from 'mqtt';

const client = await connectAsync(process.env.MQTT_URL, { clientId: 'async-await' });
console.log(client.connected, client.options.clientId);
const granted = await client.subscribeAsync(['a/+', 'b/#'], { qos: 1 });
console.log(granted.map(({ topic, qos }) => `${topic} ${qos}`));

const seen = new Promise(resolve => {
  const texts = [];
  client.on('message', (topic, payload, packet) => {
    texts.push(`${topic} ${payload} ${packet.cmd} ${packet.qos} ${packet.retain}`);
    if (texts.length === 3) resolve(texts);
  });
});
await client.publishAsync('a/1', 'one', { qos: 1 });
await client.publishAsync('b', Buffer.from('two'), { qos: 1 });
await client.publishAsync('b/c/d', 'three', { qos: 0 });
console.log(await seen);
await client.unsubscribeAsync('a/+');
await client.endAsync();
console.log(client.connected, client.disconnecting);
try {
  await client.publishAsync('a/1', 'late');
} catch (error) {
  console.log(error.message);
}
