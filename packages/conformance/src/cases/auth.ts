/** Cases of chapters 3.15 and 4.12 that every server has to pass: AUTH where it has no place. */
import { equal } from 'node:assert/strict';
import { ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { connectBytes } from './connect-bytes.ts';
import { packetBytes, prefixed, propertyBlock, propertyId } from './packet-bytes.ts';

const { badAuthenticationMethod, notAuthorized } = ReasonCode;

const method = bytes`${propertyId.authenticationMethod} ${prefixed('CONFORMANCE-UNKNOWN')}`;

/** AUTH on connections that have begun without a method. */
async function expectEachRefused(t: CaseContext, packets: readonly Uint8Array[]): Promise<void> {
  for (const packet of packets) {
    const client = await t.connect();
    client.send(packet);
    await client.expectDisconnected();
  }
}

export const authCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.12.0-1', 'MQTT-3.2.2-7', 'MQTT-4.13.2-1'],
    title: 'a method of authentication that the server does not have is refused',
    async run(t) {
      const authenticationMethod = 'CONFORMANCE-UNKNOWN';
      const authenticationData = bytes`${'anything'}`;
      for (const properties of [
        { authenticationMethod },
        { authenticationMethod, authenticationData },
        { authenticationMethod: '' },
      ]) {
        const client = await t.client();
        client.sendConnect({ properties });
        await client.expectRefused(badAuthenticationMethod, notAuthorized);
      }
    },
  },
  {
    v5: ['MQTT-4.12.0-6'],
    title: 'a client that names no method gets no AUTH, and no method in CONNACK',
    async run(t) {
      const client = await t.client();
      const { properties } = await client.connect();
      equal(properties?.authenticationMethod, undefined);
      equal(properties?.authenticationData, undefined);
      await client.ping();
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    title: 'CONNECT with Authentication Data but no method is refused',
    async run(t) {
      const client = await t.client();
      const data = bytes`${propertyId.authenticationData} ${prefixed('anything')}`;
      const payload = prefixed(client.clientId);
      client.send(connectBytes(5, { properties: propertyBlock(5, data), payload }));
      await client.expectRefused();
    },
  },
  {
    v5: ['MQTT-4.13.1-1', 'MQTT-4.12.0-6'],
    title: 'AUTH of a client that has named no method closes the connection',
    async run(t) {
      await expectEachRefused(t, [
        bytes`f0 00`,
        bytes`f0 02 18 00`,
        bytes`f0 02 19 00`,
        packetBytes(0xf0, [0x18], propertyBlock(5, method)),
        packetBytes(0xf0, [0x19], propertyBlock(5, method)),
      ]);
    },
  },
  {
    v5: ['MQTT-3.15.1-1'],
    title: 'AUTH with flags in its fixed header closes the connection',
    async run(t) {
      const body = [[0x19], propertyBlock(5, method)] as const;
      await expectEachRefused(t, [packetBytes(0xf1, ...body), packetBytes(0xf8, ...body)]);
    },
  },
  {
    v5: ['MQTT-3.15.2-1'],
    title: 'AUTH with a reason that it cannot have closes the connection',
    async run(t) {
      const properties = propertyBlock(5, method);
      const reasons = [0x01, 0x17, 0x1a, 0x80, 0x87, 0x8c];
      await expectEachRefused(
        t,
        reasons.map(reasonCode => packetBytes(0xf0, [reasonCode], properties)),
      );
    },
  },
];
