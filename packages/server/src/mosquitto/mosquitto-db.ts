/**
 * Reads a `mosquitto.db`, the snapshot that Mosquitto 1.6 and later leaves: as it is, without
 * judging what it says. Numbers are big-endian, but for 64 bits, which are as the machine has them:
 * little-endian on all that Godwit knows.
 *
 *     file      magic (15 bytes), CRC u32 (always 0), version u32, chunks
 *     chunk     kind u32, length u32, fixed part, texts, and properties as in MQTT in what is left
 *     1 config  last id u64, clean shutdown u8, bytes of an id u8, 6 unused
 *     2 message id u64, expires u64, payload u32, source mid u16, lengths of source id, source's user
 *               name and topic u16, port u16, QoS u8, retain u8; source id, user name, topic, payload
 *     3 queued  message u64, mid u16, length of client id u16, QoS u8, state u8, retain and dup u8,
 *               direction u8; client id
 *     4 retain  message u64
 *     5 sub     identifier u32, lengths of client id and filter u16, QoS u8, options u8, 2 unused;
 *               client id, filter
 *     6 client  expires u64, expiry interval u32, last mid u16, length of client id u16,
 *               from version 6 on port u16, length of user name u16, 4 unused; client id, user name
 */
import {
  decodePacket,
  type PublishPacket,
  type PublishProperties,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@godwit/protocol';

const magic = Buffer.from('\u0000\u00b5\u0000mosquitto db', 'latin1');
const versions = [5, 6];
const ChunkKind = { config: 1, message: 2, queued: 3, retain: 4, sub: 5, client: 6 } as const;
const idBytes = 8;
const identifierMax = 268_435_455;
/** Seconds since 1970; no file is from later than the year 10,000. */
const timeMax = 253_402_300_800;

export interface MosquittoMessage {
  readonly id: bigint;
  /** Seconds since 1970; 0: never. */
  readonly expiresAt: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly retain: boolean;
  readonly properties: PublishProperties;
}

export interface MosquittoClient {
  readonly clientId: string;
  /** Seconds since 1970; 0: never, or it was connected. */
  readonly expiresAt: number;
  readonly expirySeconds: number;
}

/** A message on its way to a client, or from it. */
export interface MosquittoQueued {
  readonly clientId: string;
  readonly message: bigint;
  readonly packetId: number;
  readonly qos: number;
  readonly state: number;
  readonly retain: boolean;
  readonly isFromClient: boolean;
  readonly identifiers: readonly number[];
}

export interface MosquittoSubscription {
  readonly clientId: string;
  readonly filter: string;
  readonly qos: number;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly identifier: number;
}

export interface MosquittoDb {
  readonly version: number;
  readonly messages: Map<bigint, MosquittoMessage>;
  readonly clients: Map<string, MosquittoClient>;
  readonly queued: MosquittoQueued[];
  readonly retained: bigint[];
  readonly subscriptions: MosquittoSubscription[];
}

/** The file is not what Mosquitto writes. */
export class MosquittoDbError extends Error {
  override readonly name: string = 'MosquittoDbError';

  constructor(offset: number, reason: string, options?: ErrorOptions) {
    super(`byte ${offset}: ${reason}`, options);
  }
}

/** @throws MosquittoDbError with the place of the first fault */
export function readMosquittoDb(bytes: Uint8Array): MosquittoDb {
  const file = new Fields(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0);
  if (!file.bytes(magic.length).equals(magic)) {
    throw new MosquittoDbError(0, 'it does not begin as a mosquitto.db');
  }
  file.skip(4);
  const version = file.uint32();
  if (!versions.includes(version)) {
    throw new MosquittoDbError(
      19,
      `it is of version ${version}, expected ${versions.join(' or ')}`,
    );
  }
  const db: MosquittoDb = {
    version,
    messages: new Map(),
    clients: new Map(),
    queued: [],
    retained: [],
    subscriptions: [],
  };
  while (file.left > 0) {
    const offset = file.offset;
    const kind = file.uint32();
    const chunk = file.part(file.uint32());
    readChunk(db, kind, chunk, offset);
    if (chunk.left > 0) throw new MosquittoDbError(chunk.offset, `${chunk.left} bytes too many`);
  }
  return db;
}

function readChunk(db: MosquittoDb, kind: number, chunk: Fields, offset: number): void {
  switch (kind) {
    case ChunkKind.config:
      readConfig(chunk);
      return;
    case ChunkKind.message: {
      const message = readMessage(chunk);
      db.messages.set(message.id, message);
      return;
    }
    case ChunkKind.queued:
      db.queued.push(readQueued(chunk));
      return;
    case ChunkKind.retain:
      db.retained.push(chunk.id());
      return;
    case ChunkKind.sub:
      db.subscriptions.push(readSubscription(chunk));
      return;
    case ChunkKind.client: {
      const client = readClient(chunk, db.version);
      db.clients.set(client.clientId, client);
      return;
    }
    default:
      throw new MosquittoDbError(offset, `there is no kind ${kind} of chunk`);
  }
}

function readConfig(chunk: Fields): void {
  chunk.skip(8 + 1);
  const { offset } = chunk;
  const bytesOfId = chunk.uint8();
  if (bytesOfId !== idBytes) {
    throw new MosquittoDbError(offset, `an id has ${bytesOfId} bytes, expected ${idBytes}`);
  }
  chunk.skip(6);
}

function readMessage(chunk: Fields): MosquittoMessage {
  const id = chunk.id();
  const expiresAt = chunk.time();
  const payloadLength = chunk.uint32();
  chunk.skip(2);
  const sourceLength = chunk.uint16();
  const userLength = chunk.uint16();
  const topicLength = chunk.uint16();
  chunk.skip(2);
  const qos = chunk.qos();
  const retain = chunk.uint8() !== 0;
  chunk.skip(sourceLength + userLength);
  const { offset } = chunk;
  const topic = chunk.bytes(topicLength);
  const payload = chunk.bytes(payloadLength);
  const packet = publishOf(topic, payload, chunk.rest(), offset);
  const { properties = {} } = packet;
  return { id, expiresAt, topic: packet.topic, payload, qos, retain, properties };
}

function readQueued(chunk: Fields): MosquittoQueued {
  const message = chunk.id();
  const packetId = chunk.uint16();
  const clientLength = chunk.uint16();
  const qos = chunk.qos();
  const state = chunk.uint8();
  const retain = chunk.uint8() >> 4 !== 0;
  const isFromClient = chunk.uint8() === 0;
  const clientId = chunk.text(clientLength);
  const { offset } = chunk;
  const { properties } = publishOf(Buffer.from('t'), Buffer.of(), chunk.rest(), offset);
  const identifiers = properties?.subscriptionIdentifiers ?? [];
  return { clientId, message, packetId, qos, state, retain, isFromClient, identifiers };
}

function readSubscription(chunk: Fields): MosquittoSubscription {
  const { offset } = chunk;
  const identifier = chunk.uint32();
  if (identifier > identifierMax) {
    throw new MosquittoDbError(offset, `${identifier} is no Subscription Identifier`);
  }
  const clientLength = chunk.uint16();
  const filterLength = chunk.uint16();
  const qos = chunk.qos();
  const options = chunk.uint8();
  chunk.skip(2);
  return {
    clientId: chunk.text(clientLength),
    filter: chunk.text(filterLength),
    qos,
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    identifier,
  };
}

function readClient(chunk: Fields, version: number): MosquittoClient {
  const expiresAt = chunk.time();
  const expirySeconds = chunk.uint32();
  chunk.skip(2);
  const clientLength = chunk.uint16();
  let userLength = 0;
  if (version > 5) {
    chunk.skip(2);
    userLength = chunk.uint16();
    chunk.skip(4);
  }
  const clientId = chunk.text(clientLength);
  chunk.skip(userLength);
  return { clientId, expiresAt, expirySeconds };
}

/** Has the codec read topic and properties, which may be absent, as those of a PUBLISH. */
function publishOf(
  topic: Buffer,
  payload: Buffer,
  properties: Buffer,
  offset: number,
): PublishPacket {
  const block = properties.length === 0 ? Buffer.of(0) : properties;
  const length = 2 + topic.length + block.length + payload.length;
  const head = Buffer.alloc(1 + variableByteIntegerLength(length) + 2);
  head[0] = 0x30;
  writeVariableByteInteger(head, 1, length);
  head.writeUInt16BE(topic.length, head.length - 2);
  const frame = Buffer.concat([head, topic, block, payload]);
  try {
    const packet = decodePacket(frame, 0x30, head.length - 2, frame.length, 5) as PublishPacket;
    if (packet.payload.length === payload.length) return packet;
  } catch (error) {
    throw new MosquittoDbError(offset, 'topic or properties are not those of a message', {
      cause: error,
    });
  }
  throw new MosquittoDbError(offset, 'the properties are of another length');
}

/** Fields one after the other, up to an end. */
class Fields {
  readonly #bytes: Buffer;
  /** Where `#bytes` begins in the file. */
  readonly #base: number;
  #at: number;

  constructor(bytes: Buffer, base: number) {
    this.#bytes = bytes;
    this.#base = base;
    this.#at = 0;
  }

  /** Of the next field in the file. */
  get offset(): number {
    return this.#base + this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.#bytes[this.#take(1)];
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  id(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  /** Seconds since 1970. */
  time(): number {
    const { offset } = this;
    const seconds = this.#bytes.readBigInt64LE(this.#take(8));
    if (seconds >= 0n && seconds <= timeMax) return Number(seconds);
    throw new MosquittoDbError(offset, `${seconds} is no time`);
  }

  qos(): number {
    const { offset } = this;
    const qos = this.uint8();
    if (qos > 2) throw new MosquittoDbError(offset, `QoS is ${qos}`);
    return qos;
  }

  text(length: number): string {
    const { offset } = this;
    const bytes = this.bytes(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw new MosquittoDbError(offset, 'it is not text in UTF-8', { cause: error });
    }
  }

  bytes(length: number): Buffer {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** The next bytes, as fields of their own. */
  part(length: number): Fields {
    const { offset } = this;
    return new Fields(this.bytes(length), offset);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.left) {
      throw new MosquittoDbError(this.offset, `${length} bytes expected, ${this.left} are left`);
    }
    this.#at += length;
    return start;
  }
}
