/** Cases of chapter 3.12, PINGREQ, and 3.13, PINGRESP. */
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';

export const pingCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.12.4-1'],
    v3: ['MQTT-3.12.4-1'],
    title: 'PINGREQ is answered by PINGRESP',
    async run(t) {
      const client = await t.connect();
      client.send(bytes`c0 00`);
      await client.expectBytes(bytes`d0 00`);
    },
  },
  {
    v5: ['MQTT-3.12.4-1'],
    v3: ['MQTT-3.12.4-1'],
    title: 'every one of several PINGREQs is answered',
    async run(t) {
      const client = await t.connect();
      client.send(bytes`c0 00 c0 00 c0 00`);
      for (let answers = 0; answers < 3; answers += 1) await client.expect(PacketType.pingresp);
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-2.1.3-1', 'MQTT-4.13.1-1'],
    v3: ['MQTT-2.2.2-1', 'MQTT-2.2.2-2'],
    title: 'PINGREQ with a reserved flag closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(bytes`c1 00`);
      await client.expectDisconnected();
    },
  },
];
