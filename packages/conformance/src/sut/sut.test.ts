import { deepEqual, equal, throws } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { capabilitiesOf } from './capability.ts';
import { parseSut } from './sut.ts';

test('reads what a file says of a system under test', () => {
  const sut = parseSut(`
    name = "Example"
    url = "mqtt://127.0.0.1:1883"
    versions = [5, 4]
    [credentials]
    username = "ada"
    [auth]
    method = "SCRAM-SHA-256"
    username = "ada"
    password = "lovelace"
    [capabilities]
    shared-subscriptions = false
    [deviations.v5]
    "MQTT-3.1.2-25" = "drops the message, but keeps its place in the window"
    [deviations.v3]
  `);
  deepEqual(sut.versions, [5, 4]);
  equal(sut.auth?.method, 'SCRAM-SHA-256');
  deepEqual(sut.capabilities, { 'shared-subscriptions': false });
  deepEqual(Object.keys(sut.deviations.v5), ['MQTT-3.1.2-25']);
  deepEqual(parseSut('name = "Plain"').versions, [5, 4, 3]);
});

test('says what is wrong with a file', () => {
  throws(() => parseSut('name = '), RangeError);
  throws(() => parseSut('name = "X"\nport = 1'), /port/);
  throws(() => parseSut('name = "X"\n[capabilities]\nflying = true'), /flying/);
  const invented = 'name = "X"\n[deviations.v3]\n"MQTT-3.3.4-9" = "why"';
  throws(() => parseSut(invented), /3\.1\.1 has no statement 'MQTT-3\.3\.4-9'/);
});

test('the files that come with the package can be read', () => {
  const folder = new URL('../../sut/', import.meta.url);
  for (const name of readdirSync(folder)) parseSut(readFileSync(new URL(name, folder), 'utf8'));
});

test('capabilities come from CONNACK, and the file has the last word', () => {
  const connack = { type: PacketType.connack, sessionPresent: false, reasonCode: 0 } as const;
  const none = capabilitiesOf({ ...connack, properties: { maximumQoS: 1 } }, {});
  equal(none['qos-1'], true);
  equal(none['qos-2'], false);
  equal(none['topic-aliases'], false);
  equal(none['retained-messages'], true);
  const properties = { retainAvailable: false, topicAliasMaximum: 3 };
  const stated = { 'topic-aliases': false, authentication: true };
  const some = capabilitiesOf({ ...connack, properties }, stated);
  equal(some['retained-messages'], false);
  equal(some['topic-aliases'], false);
  equal(some.authentication, true);
});
