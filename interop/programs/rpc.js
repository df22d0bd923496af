import mqtt from 'mqtt';

const options = { protocolVersion: 5, clean: true, properties: { receiveMaximum: 10 } };
const server = mqtt.connect(process.env.MQTT_URL, { ...options, clientId: 'rpc-server' });
const client = mqtt.connect(process.env.MQTT_URL, { ...options, clientId: 'rpc-client' });

server.on('message', (_topic, payload, { properties }) => {
  const { a, b } = JSON.parse(payload.toString());
  server.publish(properties.responseTopic, JSON.stringify({ sum: a + b }), {
    qos: 1,
    properties: {
      correlationData: properties.correlationData,
      contentType: 'application/json',
      userProperties: { by: 'server', tags: ['x', 'y'] },
    },
  });
});
server.on('connect', () =>
  server.subscribe('rpc/sum', { qos: 1 }, () => {
    client.subscribe('rpc/reply', { qos: 1 }, (_error, granted) => {
      console.log(granted.length, granted[0].topic, granted[0].qos);
      client.publish('rpc/sum', '{"a":1,"b":2}', {
        qos: 1,
        properties: { responseTopic: 'rpc/reply', correlationData: Buffer.from('7') },
      });
    });
  }),
);
client.on('message', (topic, payload, { properties }) => {
  const { correlationData, contentType, userProperties } = properties;
  console.log(topic, payload.toString(), correlationData.toString(), contentType);
  console.log(JSON.stringify(userProperties));
  client.end(false, {}, () => server.end(false, {}, () => console.log('done')));
});
