/**
 * A topic described once, for those who publish and those who subscribe: the compiler knows its
 * parameters and payloads, and what comes over the wire is checked.
 *
 *     node examples/typed-topics.ts [mqtt://127.0.0.1:1883]
 */
import { json, topic } from '@godwit/client';
import { connect } from '@godwit/client/node';
import { z } from 'zod';

const url = process.argv[2] ?? 'mqtt://127.0.0.1:1883';
const Reading = z.object({
  celsius: z.number().min(-90).max(60),
  at: z.iso.datetime().transform(at => new Date(at)),
});
const temperature = topic('site/{site}/device/{id}/temperature', {
  codec: json(),
  schema: Reading,
  qos: 1,
});

await using client = await connect(url);
await using readings = await temperature.subscribe(client, { site: 'north' });
await client.publish('site/north/device/6/temperature', 'not JSON at all', { qos: 1 });
const at = '2026-01-01T12:00:00Z';
await temperature.publish(client, { site: 'south', id: '7' }, { celsius: 30, at });
await temperature.publish(client, { site: 'north', id: '7' }, { celsius: 21.5, at });

for await (const { params, value } of readings) {
  console.log(`${params.site} ${params.id}: ${value.celsius} in ${value.at.getUTCFullYear()}`);
  break;
}
console.log(`${readings.invalid} invalid`);
