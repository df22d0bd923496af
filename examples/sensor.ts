/**
 * A sensor that reports every so often, says when it comes and goes, and loses nothing while the
 * network is down; and a screen that shows what it says.
 *
 *     node examples/sensor.ts [mqtt://127.0.0.1:1883]
 */
import { connect } from '@godwit/client/node';

const url = process.argv[2] ?? 'mqtt://127.0.0.1:1883';
const status = 'sensors/kitchen/status';

await using screen = await connect(url);
await using shown = await screen.subscribe(['sensors/+/status', 'sensors/+/temperature'], {
  qos: 1,
});

await using sensor = await connect(url, {
  clientId: 'kitchen-sensor',
  session: { expiryMs: 3_600_000 },
  // told by the server, should the sensor vanish
  will: { topic: status, payload: 'lost', qos: 1, retain: true },
  queue: { messagesMax: 1_000, whenFull: 'drop-oldest' },
});
await sensor.publish(status, 'here', { qos: 1, retain: true });
for (const celsius of [20.5, 21, 21.5]) {
  // a reading that is a minute old is of no use
  await sensor.publish('sensors/kitchen/temperature', `${celsius}`, { qos: 1, expiryMs: 60_000 });
}
await sensor.publish(status, 'gone', { qos: 1, retain: true });

for await (const message of shown) {
  console.log(message.topic, message.text());
  message.ack();
  if (message.text() === 'gone') break;
}
