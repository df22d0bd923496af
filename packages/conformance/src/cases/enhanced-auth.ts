/** Cases of chapters 3.15 and 4.12 with a method that the server has: SCRAM. */
import { equal, ok } from 'node:assert/strict';
import {
  type AuthPacket,
  type ConnackPacket,
  type ConnectPacket,
  encodePacket,
  type Packet,
  PacketType,
  ReasonCode,
} from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import type { ScramClient } from '../case/scram-client.ts';
import { packetBytes, prefixed, propertyBlock, propertyId } from './packet-bytes.ts';

const { continueAuthentication, reAuthenticate, success } = ReasonCode;

/** CONNECT with a method; its answer is to be looked at. */
async function begin(
  t: CaseContext,
  scram: ScramClient,
  { properties, ...overrides }: Partial<ConnectPacket> = {},
): Promise<CaseClient> {
  const client = await t.client();
  const authentication = {
    authenticationMethod: scram.method,
    authenticationData: scram.first(),
  };
  client.sendConnect({ ...overrides, properties: { ...properties, ...authentication } });
  return client;
}

function sendAuth(
  client: CaseClient,
  { method }: ScramClient,
  reasonCode: number,
  authenticationData: Uint8Array,
): void {
  const properties = { authenticationMethod: method, authenticationData };
  client.send({ type: PacketType.auth, reasonCode, properties });
}

/** Waits for the server's challenge. */
async function challenge(client: CaseClient, { method }: ScramClient): Promise<AuthPacket> {
  return await client.expect({
    type: PacketType.auth,
    reasonCode: continueAuthentication,
    properties: { authenticationMethod: method },
  });
}

/** Waits for the server's challenge, and answers it. */
async function respond(client: CaseClient, scram: ScramClient): Promise<AuthPacket> {
  const auth = await challenge(client, scram);
  const proof = scram.final(auth.properties?.authenticationData);
  sendAuth(client, scram, continueAuthentication, proof);
  return auth;
}

/** CONNECT with a method, up to CONNACK. */
async function connect(
  t: CaseContext,
  overrides: Partial<ConnectPacket> = {},
): Promise<{ client: CaseClient; auth: AuthPacket; connack: ConnackPacket }> {
  const scram = t.scram();
  const client = await begin(t, scram, overrides);
  const auth = await respond(client, scram);
  const connack = await client.expect({
    type: PacketType.connack,
    reasonCode: success,
    properties: { authenticationMethod: scram.method },
  });
  scram.verify(connack.properties?.authenticationData);
  return { client, auth, connack };
}

/** A connected client proves itself once more. */
async function reauthenticate(client: CaseClient, scram: ScramClient): Promise<AuthPacket> {
  sendAuth(client, scram, reAuthenticate, scram.first());
  const auth = await respond(client, scram);
  const { properties } = await client.expect({
    type: PacketType.auth,
    reasonCode: success,
    properties: { authenticationMethod: scram.method },
  });
  scram.verify(properties?.authenticationData);
  return auth;
}

/** Its size without what may be left out. */
function sizeOf(packet: AuthPacket | ConnackPacket): number {
  const properties = { ...packet.properties, reasonString: undefined, userProperties: undefined };
  return encodePacket({ ...packet, properties } as Packet, 5)!.length;
}

const needs = ['enhanced-authentication'] as const;

export const enhancedAuthCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.12.0-2', 'MQTT-4.12.0-5'],
    needs,
    title: "a client proves itself by AUTH: every answer and CONNACK repeat CONNECT's method",
    async run(t) {
      const { client } = await connect(t);
      await client.subscribe(t.topic('news'));
      await client.publish(t.topic('news'), 'hello');
      await client.receive();
    },
  },
  {
    v5: ['MQTT-4.12.0-4', 'MQTT-3.2.2-7', 'MQTT-3.1.4-2'],
    needs,
    title: 'a client whose proof is wrong is refused, and takes the place of nobody',
    async run(t) {
      const older = await t.connect();
      const scram = t.scram({ password: t.clientId() });
      const client = await begin(t, scram, { clientId: older.clientId });
      await respond(client, scram);
      await client.expectRefused();
      await older.ping();
    },
  },
  {
    v5: ['MQTT-4.12.0-4', 'MQTT-3.2.2-7'],
    needs,
    title: 'data that make no sense to the method are refused',
    async run(t) {
      const scram = t.scram();
      const nonsense = await t.client();
      const authenticationData = bytes`${'nonsense'}`;
      const properties = { authenticationMethod: scram.method, authenticationData };
      nonsense.sendConnect({ properties });
      await nonsense.expectRefused();

      const client = await begin(t, scram);
      await challenge(client, scram);
      sendAuth(client, scram, continueAuthentication, authenticationData);
      await client.expectRefused();
    },
  },
  {
    v5: ['MQTT-4.13.1-1', 'MQTT-3.1.4-6'],
    needs,
    title: 'before CONNACK nothing but AUTH is taken from a client that has yet to prove itself',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('news'));
      const scram = t.scram();
      const publisher = await begin(t, scram);
      await challenge(publisher, scram);
      publisher.sendPublish(t.topic('news'), 'unwanted');
      await publisher.expectRefused();
      const other = await begin(t, scram);
      await challenge(other, scram);
      other.send(bytes`c0 00`);
      await other.expectRefused();
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-4.12.0-5'],
    needs,
    title: 'AUTH of another method than that of CONNECT, or of none, is refused',
    async run(t) {
      const other = bytes`${propertyId.authenticationMethod} ${prefixed('CONFORMANCE-OTHER')}`;
      for (const properties of [propertyBlock(5), propertyBlock(5, other)]) {
        const scram = t.scram();
        const client = await begin(t, scram);
        await challenge(client, scram);
        client.send(packetBytes(0xf0, [continueAuthentication], properties));
        await client.expectRefused();

        const connected = await connect(t);
        connected.client.send(packetBytes(0xf0, [reAuthenticate], properties));
        await connected.client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-3.15.2-1', 'MQTT-4.12.0-2'],
    needs,
    title: 'AUTH with a reason that is not due is refused, before CONNACK and after',
    async run(t) {
      for (const reasonCode of [success, reAuthenticate]) {
        const scram = t.scram();
        const client = await begin(t, scram);
        const { properties } = await challenge(client, scram);
        sendAuth(client, scram, reasonCode, scram.final(properties?.authenticationData));
        await client.expectRefused();
      }
      for (const reasonCode of [success, continueAuthentication]) {
        const { client } = await connect(t);
        const scram = t.scram();
        sendAuth(client, scram, reasonCode, scram.first());
        await client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-3.15.1-1', 'MQTT-3.15.2-1'],
    needs,
    title: 'a malformed AUTH ends the exchange that it belongs to',
    async run(t) {
      const { method } = t.scram();
      const named = bytes`${propertyId.authenticationMethod} ${prefixed(method)}`;
      for (const auth of [
        packetBytes(0xf1, [continueAuthentication], propertyBlock(5, named)),
        packetBytes(0xf0, [0x42], propertyBlock(5, named)),
        packetBytes(0xf0, [continueAuthentication], propertyBlock(5, named, named)),
        packetBytes(0xf0, [continueAuthentication]),
      ]) {
        const scram = t.scram();
        const client = await begin(t, scram);
        await challenge(client, scram);
        client.send(auth);
        await client.expectRefused();
      }
    },
  },
  {
    v5: ['MQTT-3.15.2-2', 'MQTT-3.15.2-3'],
    needs,
    title: "texts in AUTH never make it larger than the client's Maximum Packet Size",
    async run(t) {
      const { auth, connack } = await connect(t);
      const maximumPacketSize = Math.max(sizeOf(auth), sizeOf(connack));
      const scram = t.scram();
      const client = await begin(t, scram, { properties: { maximumPacketSize } });
      const answer = await client.nextBytes();
      const size = answer?.length ?? 0;
      ok(size <= maximumPacketSize, `AUTH of ${size} bytes, not ${maximumPacketSize}`);
    },
  },
  {
    v5: ['MQTT-3.1.2-29'],
    needs,
    title: 'AUTH has no texts for a client that wants no problem information',
    async run(t) {
      const wish = { requestProblemInformation: false };
      const { client, auth } = await connect(t, { properties: wish });
      for (const { properties } of [auth, await reauthenticate(client, t.scram())]) {
        equal(properties?.reasonString, undefined);
        equal(properties?.userProperties, undefined);
      }
    },
  },
  {
    v5: ['MQTT-4.12.0-2', 'MQTT-4.12.0-5'],
    needs,
    title: 'a client proves itself again, and keeps its session and subscriptions',
    async run(t) {
      const publisher = await t.connect();
      const { client } = await connect(t);
      await client.subscribe(t.topic('news'));
      for (const text of ['one', 'two']) {
        await reauthenticate(client, t.scram());
        await publisher.publish(t.topic('news'), text, { qos: 1 });
        await client.receive({ payload: bytes`${text}`, qos: 1 });
      }
    },
  },
  {
    v5: ['MQTT-4.12.0-2'],
    needs,
    title: 'while a client proves itself again everything else goes on',
    async run(t) {
      const publisher = await t.connect();
      const { client } = await connect(t);
      await client.subscribe(t.topic('news'));
      const scram = t.scram();
      sendAuth(client, scram, reAuthenticate, scram.first());
      const { properties } = await challenge(client, scram);
      await publisher.publish(t.topic('news'), 'hello', { qos: 2 });
      await client.receive({ payload: bytes`${'hello'}`, qos: 2 });
      await client.publish(t.topic('nobody'), 'hello', { qos: 1 });
      await client.ping();
      const proof = scram.final(properties?.authenticationData);
      sendAuth(client, scram, continueAuthentication, proof);
      await client.expect({ type: PacketType.auth, reasonCode: success });
    },
  },
  {
    v5: ['MQTT-4.12.1-2', 'MQTT-4.13.2-1', 'MQTT-3.1.2-8'],
    needs,
    title: 'a client that fails to prove itself again is disconnected, and its will published',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const payload = bytes`${'gone'}`;
      const will = { topic: t.topic('will'), payload, qos: 0, retain: false } as const;
      const { client } = await connect(t, { will });
      const scram = t.scram({ password: t.clientId() });
      sendAuth(client, scram, reAuthenticate, scram.first());
      await respond(client, scram);
      await client.expectDisconnected();
      await watcher.receive({ topic: t.topic('will') });
    },
  },
];
