/**
 * What we write, as Wireshark's dissector reads it: every packet of every version seen for what it
 * is, and nothing to complain about. Skipped where tshark is not installed, but not in CI.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Packet } from '../src/packet/packet.ts';
import { PacketType, type ProtocolVersion } from '../src/packet/packet-type.ts';
import { type Properties, ruleOfName } from '../src/packet/property.ts';
import type { SubscriptionRequest } from '../src/packet/subscribe.ts';
import { samplesOf } from '../src/packet/testing/packet-samples.ts';
import { TcpCapture } from './tcp-capture.ts';

type Fields = Record<string, string>;

const versions: ProtocolVersion[] = [3, 4, 5];
const dissector = 'tshark';
const isInstalled = spawnSync(dissector, ['--version']).error === undefined;
const skip = isInstalled || process.env.CI !== undefined ? false : 'tshark is not installed';

/** Between several values of a field in one packet. */
const separator = '|';

/** The dissector's fields. */
const columns = [
  '_ws.malformed',
  '_ws.expert.message',
  'mqtt.msgtype',
  'mqtt.len',
  'mqtt.dupflag',
  'mqtt.qos',
  'mqtt.retain',
  'mqtt.protoname',
  'mqtt.ver',
  'mqtt.kalive',
  'mqtt.clientid',
  'mqtt.willtopic',
  'mqtt.willmsg',
  'mqtt.username',
  'mqtt.passwd',
  'mqtt.conack.flags.sp',
  'mqtt.conack.val',
  'mqtt.msgid',
  'mqtt.topic',
  'mqtt.msg',
  'mqtt.sub.qos',
  'mqtt.suback.qos',
  'mqtt.subscription_options_qos',
  'mqtt.subscription_options_nl',
  'mqtt.subscription_options_rap',
  'mqtt.subscription_options_retain',
  'mqtt.property_id',
  'mqtt.prop_key',
  'mqtt.prop_value',
  ...['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp'].map(name => `mqtt.${name}.reason_code`),
  ...['suback', 'unsuback', 'disconnect', 'auth'].map(name => `mqtt.${name}.reason_code`),
];

const serverPackets: readonly PacketType[] = [
  PacketType.connack,
  PacketType.suback,
  PacketType.unsuback,
  PacketType.pingresp,
];

const returnCodes: Fields = { 0: '0', 132: '1', 133: '2', 136: '3', 134: '4', 135: '5' };

/** Identifiers of the properties in their order, and the names and values of users' own. */
function propertyFields(blocks: readonly (Properties | undefined)[]): Fields {
  const ids: string[] = [];
  const keys: string[] = [];
  const values: string[] = [];
  for (const properties of blocks) {
    for (const [name, value] of Object.entries(properties ?? {})) {
      const id = ruleOfName.get(name)?.id as number;
      const occurrences = Array.isArray(value) ? value.length : 1;
      for (let n = 0; n < occurrences; n += 1) ids.push(`0x${id.toString(16).padStart(2, '0')}`);
    }
    for (const [key, value] of properties?.userProperties ?? []) {
      keys.push(key);
      values.push(value);
    }
  }
  return {
    'mqtt.property_id': ids.join(separator),
    'mqtt.prop_key': keys.join(separator),
    'mqtt.prop_value': values.join(separator),
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What the dissector should show of a packet. */
function expectedOf(packet: Packet, version: ProtocolVersion): Fields {
  const name = Object.keys(PacketType)[packet.type - 1];
  const fields: Fields = { 'mqtt.msgtype': String(packet.type) };
  if ('packetId' in packet && packet.packetId !== 0) fields['mqtt.msgid'] = String(packet.packetId);
  if ('reasonCode' in packet) {
    // the short forms leave out success
    const isWritten = packet.reasonCode !== 0 || packet.type === PacketType.connack;
    if (version === 5) {
      if (isWritten) fields[`mqtt.${name}.reason_code`] = String(packet.reasonCode);
    } else if (packet.type === PacketType.connack) {
      fields['mqtt.conack.val'] = returnCodes[packet.reasonCode];
    }
  }
  if ('reasonCodes' in packet && packet.reasonCodes.length > 0) {
    const column = version === 5 ? `mqtt.${name}.reason_code` : 'mqtt.suback.qos';
    fields[column] = packet.reasonCodes.join(separator);
  }
  switch (packet.type) {
    case PacketType.connect:
      Object.assign(fields, {
        'mqtt.protoname': version === 3 ? 'MQIsdp' : 'MQTT',
        'mqtt.ver': String(version),
        'mqtt.kalive': String(packet.keepAlive),
        'mqtt.clientid': packet.clientId,
        'mqtt.willtopic': packet.will?.topic ?? '',
        'mqtt.willmsg': hex(packet.will?.payload ?? new Uint8Array(0)),
        'mqtt.username': packet.username ?? '',
        'mqtt.passwd': new TextDecoder().decode(packet.password),
        ...propertyFields([packet.properties, packet.will?.properties]),
      });
      return fields;
    case PacketType.connack:
      // 3.1 has no such flag, and the dissector none to show
      if (version !== 3) fields['mqtt.conack.flags.sp'] = packet.sessionPresent ? '1' : '0';
      break;
    case PacketType.publish:
      Object.assign(fields, {
        'mqtt.topic': packet.topic,
        'mqtt.msg': hex(packet.payload),
        'mqtt.dupflag': packet.dup ? '1' : '0',
        'mqtt.qos': String(packet.qos),
        'mqtt.retain': packet.retain ? '1' : '0',
      });
      break;
    case PacketType.subscribe: {
      const { subscriptions } = packet;
      fields['mqtt.topic'] = subscriptions.map(({ filter }) => filter).join(separator);
      const all = (select: (subscription: SubscriptionRequest) => unknown): string =>
        subscriptions.map(subscription => Number(select(subscription))).join(separator);
      if (version !== 5) {
        fields['mqtt.sub.qos'] = all(({ qos }) => qos);
        break;
      }
      fields['mqtt.subscription_options_qos'] = all(({ qos }) => qos);
      fields['mqtt.subscription_options_nl'] = all(({ noLocal }) => noLocal);
      fields['mqtt.subscription_options_rap'] = all(options => options.retainAsPublished);
      fields['mqtt.subscription_options_retain'] = all(options => options.retainHandling);
      break;
    }
    case PacketType.unsubscribe:
      fields['mqtt.topic'] = packet.filters.join(separator);
      break;
  }
  if ('properties' in packet) Object.assign(fields, propertyFields([packet.properties]));
  return fields;
}

describe('tshark', { skip }, () => {
  let folder = '';
  let rows: Fields[] = [];

  before(async () => {
    assert.ok(isInstalled, 'tshark is not installed');
    const capture = new TcpCapture();
    for (const version of versions) {
      const connection = capture.connect(40_000 + version);
      for (const { packet, bytes } of samplesOf(version)) {
        const isServers = serverPackets.includes(packet.type);
        connection.send(isServers ? 'to-client' : 'to-server', bytes);
      }
    }
    folder = await mkdtemp(join(tmpdir(), 'godwit-tshark-'));
    const file = join(folder, 'packets.pcap');
    await writeFile(file, capture.bytes());
    const { status, stdout, stderr } = spawnSync(
      dissector,
      [
        ...['-r', file, '-d', 'tcp.port==1883,mqtt', '-Y', 'tcp.len > 0'],
        ...['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'],
        ...['-T', 'fields', '-E', 'occurrence=a', '-E', `aggregator=${separator}`],
        ...columns.flatMap(column => ['-e', column]),
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    assert.equal(status, 0, stderr);
    rows = stdout
      .replace(/\n$/, '')
      .split('\n')
      .map(line => {
        const values = line.split('\t');
        return Object.fromEntries(columns.map((column, index) => [column, values[index]]));
      });
  });

  after(async () => {
    if (folder !== '') await rm(folder, { recursive: true, force: true });
  });

  let row = 0;
  for (const version of versions) {
    for (const { packet, bytes } of samplesOf(version)) {
      const index = row;
      row += 1;
      const name = Object.keys(PacketType)[packet.type - 1];
      test(`version ${version}, packet ${index}: ${name}`, () => {
        const seen = rows[index];
        const body = bytes.length - (bytes.length > 129 ? 3 : 2);
        const expected = {
          '_ws.malformed': '',
          '_ws.expert.message': '',
          'mqtt.len': String(body),
          ...expectedOf(packet, version),
        };
        const shown = Object.keys(expected).map(column => [column, seen[column]]);
        assert.deepEqual(Object.fromEntries(shown), expected);
      });
    }
  }

  test('nothing else was seen', () => assert.equal(rows.length, row));
});
