/** Cases of chapters 3.1.0, 3.1.2 and 3.1.4: which CONNECT is accepted and which is not. */
import { notDeepEqual, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { connectBytes } from './connect-bytes.ts';
import { prefixed } from './packet-bytes.ts';

const {
  badUserNameOrPassword,
  notAuthorized,
  protocolError,
  sessionTakenOver,
  unsupportedProtocolVersion,
} = ReasonCode;

/** An ill-formed CONNECT: 5.0 allows a CONNACK before the close, 3.1.1 does not. */
async function expectIllFormed(t: CaseContext, client: CaseClient): Promise<void> {
  if (t.version === 5) await client.expectRefused();
  else await client.expectClosed();
}

export const connectCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.1.4-5', 'MQTT-3.2.0-1', 'MQTT-4.2-1'],
    v3: ['MQTT-3.1.4-4', 'MQTT-3.2.0-1', 'MQTT-7.1.1-1'],
    title: 'a valid CONNECT is answered by CONNACK with success',
    async run(t) {
      const client = await t.client();
      client.sendConnect();
      await client.expect({ type: PacketType.connack, reasonCode: 0, sessionPresent: false });
      await client.ping();
    },
  },
  {
    v5: ['MQTT-3.1.0-2', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.1.0-2', 'MQTT-4.8.0-1'],
    title: 'a second CONNECT closes the connection',
    async run(t) {
      const client = await t.connect();
      client.sendConnect();
      await client.expectDisconnected(protocolError);
    },
  },
  {
    v5: ['MQTT-3.1.0-1', 'MQTT-3.14.0-1'],
    v3: ['MQTT-3.1.0-1', 'MQTT-4.8.0-1'],
    title: 'a first packet that is not CONNECT closes the connection, unanswered',
    async run(t) {
      const client = await t.client();
      client.send({ type: PacketType.pingreq });
      await client.expectClosed();
    },
  },
  {
    v5: ['MQTT-3.1.2-1'],
    v3: ['MQTT-3.1.2-1'],
    title: 'a protocol name that is not MQTT closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { name: 'MQTX', payload: prefixed(t.clientId()) }));
      // Which version's CONNACK answers a client of no version is the server's choice.
      const answer = await client.nextBytes();
      if (answer === null) return;
      ok(answer[0] === 0x20 && answer[3] !== 0, `${hex(answer)} is no refusal`);
      await client.expectClosed();
    },
  },
  {
    v5: ['MQTT-3.1.2-2'],
    v3: ['MQTT-3.1.2-2'],
    versions: [5, 4],
    title: 'a protocol version that nobody knows is refused as such',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { level: 9, payload: prefixed(t.clientId()) }));
      const answer = await client.nextBytes();
      // 5.0 lets the server close without a word, 3.1.1 does not.
      if (answer === null && t.version === 5) return;
      const refusals = [hex(bytes`20 02 00 01`), hex([0x20, 3, 0, unsupportedProtocolVersion, 0])];
      ok(answer !== null, 'closed without CONNACK');
      ok(refusals.includes(hex(answer)), `${hex(answer)} does not refuse the version`);
      await client.expectClosed();
    },
  },
  {
    v5: ['MQTT-3.1.2-3', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-3', 'MQTT-3.1.4-1'],
    versions: [5, 4],
    title: 'CONNECT with its reserved flag set closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { flags: 0x03, payload: prefixed(t.clientId()) }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.2-11', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-11', 'MQTT-3.1.2-13', 'MQTT-3.1.4-1'],
    // 3.1 ignores it.
    versions: [5, 4],
    title: 'CONNECT with a will QoS but no will closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { flags: 0x0a, payload: prefixed(t.clientId()) }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.2-13', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-15', 'MQTT-3.1.4-1'],
    // 3.1 ignores it.
    versions: [5, 4],
    title: 'CONNECT with will retain but no will closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { flags: 0x22, payload: prefixed(t.clientId()) }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.2-12', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-14', 'MQTT-3.1.4-1'],
    title: 'CONNECT with will QoS 3 closes the connection',
    async run(t) {
      const client = await t.client();
      const properties = t.version === 5 ? [0] : [];
      const will = bytes`${properties} ${prefixed(t.topic('will'))} ${prefixed('gone')}`;
      const payload = bytes`${prefixed(t.clientId())} ${will}`;
      client.send(connectBytes(t.version, { flags: 0x1e, payload }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.2-9', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-9', 'MQTT-3.1.4-1'],
    title: 'CONNECT that announces a will and has none closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { flags: 0x06, payload: prefixed(t.clientId()) }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.2-17', 'MQTT-3.1.2-19', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-19', 'MQTT-3.1.2-21', 'MQTT-3.1.4-1'],
    // In 3.1 the length of the packet has the last word.
    versions: [5, 4],
    title: 'CONNECT that announces user name and password and has none closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { flags: 0xc2, payload: prefixed(t.clientId()) }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.2-16', 'MQTT-3.1.2-18', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.2-18', 'MQTT-3.1.2-20', 'MQTT-3.1.4-1'],
    title: 'CONNECT with fields that its flags do not announce closes the connection',
    async run(t) {
      const client = await t.client();
      const payload = bytes`${prefixed(t.clientId())} ${prefixed('user')} ${prefixed('password')}`;
      client.send(connectBytes(t.version, { payload }));
      await expectIllFormed(t, client);
    },
  },
  {
    v3: ['MQTT-3.1.2-22', 'MQTT-3.1.4-1'],
    title: 'CONNECT with a password but no user name closes the connection',
    async run(t) {
      const client = await t.client();
      const payload = bytes`${prefixed(t.clientId())} ${prefixed('password')}`;
      client.send(connectBytes(t.version, { flags: 0x42, payload }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.3-3', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.3-3', 'MQTT-3.1.4-1'],
    title: 'CONNECT without a payload closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { payload: bytes`` }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.4-2', 'MQTT-3.2.2-6', 'MQTT-3.2.2-7'],
    v3: ['MQTT-3.2.2-4', 'MQTT-3.2.2-5'],
    needs: ['authentication'],
    title: 'a user whom the server does not know is refused',
    async run(t) {
      const client = await t.client();
      const password = new TextEncoder().encode(t.clientId());
      client.sendConnect({ username: t.clientId(), password });
      await client.expectRefused(badUserNameOrPassword, notAuthorized);
    },
  },
  {
    v5: ['MQTT-3.1.4-6'],
    v3: ['MQTT-3.1.4-5'],
    needs: ['authentication'],
    title: 'what a refused client sends after CONNECT is not processed',
    async run(t) {
      const watcher = await t.connect();
      const publisher = await t.connect();
      await watcher.subscribe(t.topic('refused'));
      const refused = await t.client();
      refused.stream.cork();
      refused.sendConnect({ username: t.clientId() });
      refused.sendPublish(t.topic('refused'), 'unwanted');
      refused.stream.uncork();
      await refused.expectRefused();
      await t.expectNothing(watcher, publisher);
    },
  },
  {
    v5: ['MQTT-3.1.4-3'],
    v3: ['MQTT-3.1.4-2'],
    title: 'a client with the identifier of another that is connected takes its place',
    async run(t) {
      const older = await t.connect();
      const newer = await t.connect({ clientId: older.clientId });
      await older.expectDisconnected(sessionTakenOver);
      await newer.ping();
    },
  },
];

export const clientIdentifierCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.1.3-5'],
    v3: ['MQTT-3.1.3-5'],
    title: 'client identifiers of 1 to 23 letters and digits are accepted',
    async run(t) {
      const letters = 'abcdefghijklmnopqrstuvwxyz';
      const alphabet = `${letters}${letters.toUpperCase()}0123456789`;
      // One that the same case with another version does not use at the same time.
      await t.connect({ clientId: String(t.version) });
      for (let at = 0; at < alphabet.length; at += 8) {
        const clientId = `${t.clientId()}${alphabet.slice(at, at + 8)}`.slice(-23);
        await t.connect({ clientId });
      }
      await t.connect({ clientId: t.clientId().padEnd(23, 'Z') });
    },
  },
  {
    v5: ['MQTT-3.1.3-4', 'MQTT-1.5.4-1', 'MQTT-3.1.4-1'],
    v3: ['MQTT-3.1.3-4', 'MQTT-1.5.3-1', 'MQTT-3.1.4-1'],
    title: 'a client identifier that is not well-formed UTF-8 closes the connection',
    async run(t) {
      const client = await t.client();
      client.send(connectBytes(t.version, { payload: bytes`00 03 61 c0 80` }));
      await expectIllFormed(t, client);
    },
  },
  {
    v5: ['MQTT-3.1.3-6', 'MQTT-3.1.3-7', 'MQTT-3.2.2-16'],
    needs: ['assigned-client-identifiers'],
    title: 'a client without an identifier is assigned one of its own, and told so',
    async run(t) {
      const client = await t.client();
      const other = await t.client();
      const properties = { sessionExpiryInterval: 60 };
      const { properties: given } = await client.connect({ clientId: '', properties });
      const { properties: givenToOther } = await other.connect({ clientId: '' });
      const clientId = given?.assignedClientIdentifier;
      ok(clientId !== undefined && clientId !== '', 'no Assigned Client Identifier');
      notDeepEqual(givenToOther?.assignedClientIdentifier, clientId);
      await client.disconnect();

      const again = await t.client();
      const { sessionPresent } = await again.connect({ clientId, cleanStart: false });
      ok(sessionPresent, 'the session is not found under the assigned identifier');
      await again.disconnect({ properties: { sessionExpiryInterval: 0 } });
    },
  },
  {
    v3: ['MQTT-3.1.3-6'],
    versions: [4],
    needs: ['assigned-client-identifiers'],
    title: 'two clients without identifiers do not get in the way of each other',
    async run(t) {
      const client = await t.connect({ clientId: '' });
      const other = await t.connect({ clientId: '' });
      await other.ping();
      await client.ping();
    },
  },
  {
    v3: ['MQTT-3.1.3-8', 'MQTT-3.1.3-9', 'MQTT-3.2.2-4', 'MQTT-3.2.2-5'],
    versions: [4],
    title: 'an empty client identifier without Clean Session is refused with return code 2',
    async run(t) {
      const client = await t.client();
      client.sendConnect({ clientId: '', cleanStart: false });
      await client.expectBytes(bytes`20 02 00 02`);
      await client.expectClosed();
    },
  },
  {
    v5: ['MQTT-3.1.3-8', 'MQTT-3.2.2-7'],
    title: 'an empty client identifier, where it is not accepted, is refused with 0x85',
    async run(t) {
      if (t.capabilities['assigned-client-identifiers']) t.notApplicable('it is accepted');
      const client = await t.client();
      client.sendConnect({ clientId: '' });
      await client.expectRefused(ReasonCode.clientIdentifierNotValid);
    },
  },
];
