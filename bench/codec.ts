/**
 * The packet codec beside npm's mqtt-packet in the same run: nanoseconds and allocated bytes per
 * packet, decoding and encoding. `view` and `frame` are what the broker does with a PUBLISH that it
 * passes on: read without decoding, written from parts into a buffer that is there.
 *
 *     npm run bench -- codec
 */
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import {
  copyBytes,
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type ProtocolVersion,
  PublishView,
  publishFrameSize,
  type QoS,
  writePublishHead,
} from '@godwit/protocol';
import { median, table } from './report.ts';

/** mqtt-packet, as far as it is used here; it has no types of its own. */
interface MqttPacket {
  parser(options: { protocolVersion: number }): {
    on(event: 'packet', listener: (packet: object) => void): void;
    parse(chunk: Buffer): void;
  };
  generate(packet: object, options: { protocolVersion: number }): Buffer;
}
const mqttPacket = createRequire(import.meta.url)('mqtt-packet') as MqttPacket;

const packetsPerChunk = 200;
const rounds = 7;
const roundMs = 120;

interface Case {
  readonly name: string;
  readonly version: ProtocolVersion;
  readonly packet: Packet;
  /** The same for mqtt-packet. */
  readonly theirs: object;
}

interface Figures {
  readonly ns: number;
  readonly bytes: number;
}

function publishCase(version: ProtocolVersion, qos: QoS, size: number, rich: boolean): Case {
  const topic = 'site/north/device/17/temperature';
  const payload = Buffer.alloc(size, 0x61);
  const packetId = qos === 0 ? 0 : 4711;
  const properties = {
    contentType: 'application/json',
    messageExpiryInterval: 3600,
    userProperties: [['trace', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01']] as const,
  };
  const fields = { topic, payload, qos, retain: false, dup: false };
  return {
    name: `PUBLISH ${version === 5 ? '5.0' : '3.1.1'} QoS ${qos} ${size} B${rich ? ' +props' : ''}`,
    version,
    packet: {
      type: PacketType.publish,
      ...fields,
      packetId,
      ...(rich ? { properties } : {}),
    },
    theirs: {
      cmd: 'publish',
      ...fields,
      messageId: packetId === 0 ? undefined : packetId,
      ...(rich
        ? {
            properties: {
              contentType: properties.contentType,
              messageExpiryInterval: properties.messageExpiryInterval,
              userProperties: Object.fromEntries(properties.userProperties),
            },
          }
        : {}),
    },
  };
}

const cases: readonly Case[] = [
  publishCase(4, 0, 64, false),
  publishCase(5, 0, 64, false),
  publishCase(5, 1, 64, true),
  publishCase(5, 0, 4096, false),
  {
    name: 'PUBACK 5.0',
    version: 5,
    packet: { type: PacketType.puback, packetId: 4711, reasonCode: 0 },
    theirs: { cmd: 'puback', messageId: 4711, reasonCode: 0 },
  },
  {
    name: 'SUBSCRIBE 5.0',
    version: 5,
    packet: {
      type: PacketType.subscribe,
      packetId: 7,
      subscriptions: [
        { filter: 'site/+/#', qos: 1, noLocal: false, retainAsPublished: true, retainHandling: 0 },
      ],
    },
    theirs: {
      cmd: 'subscribe',
      messageId: 7,
      subscriptions: [{ topic: 'site/+/#', qos: 1, nl: false, rap: true, rh: 0 }],
    },
  },
];

/** Median cost of `once`, which handles `count` packets; after a warm-up. */
function measure(count: number, once: () => void): Figures {
  const ns: number[] = [];
  const bytes: number[] = [];
  for (let round = -2; round < rounds; round += 1) {
    globalThis.gc?.();
    const before = process.memoryUsage();
    const start = performance.now();
    let handled = 0;
    let elapsed = 0;
    let allocated = 0;
    while (elapsed < roundMs) {
      once();
      handled += count;
      elapsed = performance.now() - start;
      if (allocated === 0 && handled >= count * 20) allocated = heapSince(before) / handled;
    }
    if (round < 0) continue;
    ns.push((elapsed * 1e6) / handled);
    bytes.push(Math.max(0, allocated));
  }
  return { ns: median(ns), bytes: median(bytes) };
}

/** Heap and buffer bytes since then; an estimate, good as long as no collection came between. */
function heapSince(before: NodeJS.MemoryUsage): number {
  const now = process.memoryUsage();
  return now.heapUsed - before.heapUsed + now.arrayBuffers - before.arrayBuffers;
}

function decodeFigures(one: Case): { view: Figures | null; full: Figures; theirs: Figures } {
  const frame = encodePacket(one.packet, one.version) as Uint8Array;
  const chunk = Buffer.concat(new Array<Uint8Array>(packetsPerChunk).fill(frame));
  const reader = new FrameReader(1 << 20);
  const view = new PublishView();
  let seen = 0;
  const full = measure(packetsPerChunk, () => {
    reader.push(chunk);
    while (reader.next()) {
      const { bytes, header, bodyStart, end } = reader;
      seen += decodePacket(bytes, header, bodyStart, end, one.version).type;
    }
  });
  const viewed =
    one.packet.type !== PacketType.publish
      ? null
      : measure(packetsPerChunk, () => {
          reader.push(chunk);
          while (reader.next()) {
            view.read(reader.bytes, reader.header, reader.bodyStart, reader.end, one.version);
            seen += view.payloadEnd;
          }
        });
  const parser = mqttPacket.parser({ protocolVersion: one.version });
  parser.on('packet', () => {
    seen += 1;
  });
  const theirs = measure(packetsPerChunk, () => parser.parse(chunk));
  if (seen === 0) throw new Error('nothing was decoded');
  return { view: viewed, full, theirs };
}

function encodeFigures(one: Case): { frame: Figures | null; ours: Figures; theirs: Figures } {
  let bytes = 0;
  const frame =
    one.packet.type !== PacketType.publish
      ? null
      : measure(
          packetsPerChunk,
          frameWriter(one, written => (bytes += written)),
        );
  const ours = measure(packetsPerChunk, () => {
    for (let i = 0; i < packetsPerChunk; i += 1) {
      bytes += (encodePacket(one.packet, one.version) as Uint8Array).length;
    }
  });
  const theirs = measure(packetsPerChunk, () => {
    for (let i = 0; i < packetsPerChunk; i += 1) {
      bytes += mqttPacket.generate(one.theirs, { protocolVersion: one.version }).length;
    }
  });
  if (bytes === 0) throw new Error('nothing was encoded');
  return { frame, ours, theirs };
}

/** Writes the packet of `one` many times into one buffer, as the broker's outbox has it done. */
function frameWriter(one: Case, onWritten: (bytes: number) => void): () => void {
  const encoded = encodePacket(one.packet, one.version) as Uint8Array;
  const reader = new FrameReader(1 << 20);
  reader.push(encoded);
  reader.next();
  const view = new PublishView();
  view.read(reader.bytes, reader.header, reader.bodyStart, reader.end, one.version);
  const withProperties = one.version === 5;
  const size = publishFrameSize(view, withProperties, view.packetId !== 0, 0);
  const into = Buffer.alloc(size * packetsPerChunk);
  return () => {
    let at = 0;
    for (let i = 0; i < packetsPerChunk; i += 1) {
      const { header } = reader;
      const end = writePublishHead(into, at, view, header, view.packetId, withProperties, null);
      copyBytes(view.bytes, view.payloadStart, view.payloadEnd, into, end);
      at += publishFrameSize(view, withProperties, view.packetId !== 0, 0);
    }
    onWritten(at);
  };
}

function cost(figures: Figures | null): string {
  return figures === null ? '' : `${figures.ns.toFixed(0)} ns ${figures.bytes.toFixed(0)} B`;
}

function ratio(theirs: Figures, ours: Figures): string {
  return `${(theirs.ns / ours.ns).toFixed(1)}x`;
}

const rows = cases.map(one => {
  const decoded = decodeFigures(one);
  const encoded = encodeFigures(one);
  return [
    one.name,
    cost(decoded.view),
    cost(decoded.full),
    cost(decoded.theirs),
    ratio(decoded.theirs, decoded.view ?? decoded.full),
    cost(encoded.frame),
    cost(encoded.ours),
    cost(encoded.theirs),
    ratio(encoded.theirs, encoded.frame ?? encoded.ours),
  ];
});
table(
  ['packet', 'view', 'decode', 'mqtt-packet', 'ratio', 'frame', 'encode', 'mqtt-packet', 'ratio'],
  rows,
);
