/**
 * An MQTT client without any manners, for tests: it sends what it is told, packets or bytes, and
 * checks packet by packet what comes back. It acknowledges nothing by itself.
 */
import { AssertionError } from 'node:assert';
import {
  type ConnackPacket,
  type ConnectPacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  type ProtocolVersion,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import { hexDump } from './hex.ts';
import {
  decodeFrame,
  describeFrame,
  describePacket,
  type Frame,
  matches,
  type PacketMatch,
  type PacketOf,
  typeName,
} from './packet-match.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Options of {@link RawClient}. */
export interface RawClientOptions {
  /**
   * For the bound on waiting. A {@link VirtualClock} is also made to settle by every `expect…`, so
   * that a test on virtual time need not do it.
   */
  readonly clock: Clock;
  /** 5 by default; {@link RawClient.connect} may change it. */
  readonly version?: ProtocolVersion;
}

/** Options of one wait. */
export interface ExpectOptions {
  /** Milliseconds; 5,000 by default, but 0 on virtual time, where settling brings what is due. */
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly isMet: () => boolean;
  readonly resolve: (isMet: boolean) => void;
}

const protocolMaximumPacketSize = 268_435_460;
const realTimeoutMs = 5_000;

/**
 * ```ts
 * const client = new RawClient(stream, { clock });
 * await client.connect({ clientId: 'a' });
 * client.send(bytes`82 08 00 01 00 00 02 61 23 00`);
 * await client.expect({ type: PacketType.suback, packetId: 1 });
 * await client.expectNothing();
 * ```
 */
export class RawClient {
  /** To pause, cork or destroy. */
  readonly stream: ByteStream;
  /** Version in which packets are encoded and decoded. */
  version: ProtocolVersion;
  readonly #clock: Clock;
  readonly #reader: FrameReader;
  /** Arrived and not yet expected. */
  #frames: Frame[];
  #waiting: Waiting[];
  /** How the stream ended; '' while it is open. */
  #ending: string;
  /** It ended because what came is no MQTT. */
  #isGarbled: boolean;

  /** Opens the stream and takes it over. */
  constructor(stream: ByteStream, options: RawClientOptions) {
    this.stream = stream;
    this.version = options.version ?? 5;
    this.#clock = options.clock;
    this.#reader = new FrameReader(protocolMaximumPacketSize);
    this.#frames = [];
    this.#waiting = [];
    this.#ending = '';
    this.#isGarbled = false;
    stream.open({
      onData: chunk => this.#receive(chunk),
      onEnd: () => {
        this.#close('the peer ended the connection');
        stream.end();
      },
      onDrain() {},
      onClose: error => this.#close(error === null ? 'closed' : `closed: ${error.message}`),
    });
  }

  /** Sends a packet, or any bytes, right or wrong. */
  send(packet: Packet | Uint8Array): void {
    if (packet instanceof Uint8Array) {
      this.stream.write(packet);
      return;
    }
    const encoded = encodePacket(packet, this.version);
    if (encoded === null) throw new RangeError(`too large: ${describePacket(packet)}`);
    this.stream.write(encoded);
  }

  /** Sends CONNECT (clean start, no keep-alive, empty client identifier) and waits for CONNACK. */
  async connect(overrides: Partial<ConnectPacket> = {}): Promise<ConnackPacket> {
    const packet: ConnectPacket = {
      type: PacketType.connect,
      protocolVersion: this.version,
      cleanStart: true,
      keepAlive: 0,
      clientId: '',
      ...overrides,
    };
    this.version = packet.protocolVersion;
    this.send(packet);
    return await this.expect(PacketType.connack);
  }

  /**
   * Waits for the next packet, which must be of the type, or have the fields, given.
   *
   * @returns the packet, decoded
   * @throws AssertionError that shows what came instead
   */
  async expect<Type extends PacketType>(
    expected: Type | PacketMatch<Type>,
    options: ExpectOptions = {},
  ): Promise<PacketOf<Type>> {
    const match = typeof expected === 'number' ? { type: expected } : expected;
    const frame = await this.#next(describePacket(match), options);
    const fail = (): never => this.#fail(describePacket(match), [frame]);
    if (frame.bytes[0] >> 4 !== match.type) fail();
    let packet: Packet;
    try {
      packet = decodeFrame(frame, this.version);
    } catch {
      return fail();
    }
    if (!matches(packet, match)) fail();
    return packet as PacketOf<Type>;
  }

  /** Waits for the next packet, which must be exactly these bytes. */
  async expectBytes(expected: Uint8Array, options: ExpectOptions = {}): Promise<void> {
    const what = `${typeName(expected[0] >> 4)}\n${hexDump(expected)}`;
    const frame = await this.#next(what, options);
    if (!matches(frame.bytes, expected)) this.#fail(what, [frame]);
  }

  /** Waits until the peer has closed; no packet may come before. */
  async expectClosed(options: ExpectOptions = {}): Promise<void> {
    await this.#wait(() => this.#ending !== '' || this.#frames.length > 0, options);
    if (this.#frames.length > 0 || this.#ending === '' || this.#isGarbled) {
      this.#fail('a close', this.#frames);
    }
  }

  /**
   * Waits for whatever comes next.
   *
   * @returns the packet, decoded; null where the peer has closed instead
   * @throws AssertionError when nothing comes, or nothing that decodes
   */
  async next(options: ExpectOptions = {}): Promise<Packet | null> {
    const frame = await this.#nextOrClose(options);
    if (frame === null) return null;
    try {
      return decodeFrame(frame, this.version);
    } catch {
      return this.#fail('a packet', [frame]);
    }
  }

  /** As {@link next}, but the packet's bytes, whether they decode or not. */
  async nextBytes(options: ExpectOptions = {}): Promise<Uint8Array | null> {
    return (await this.#nextOrClose(options))?.bytes ?? null;
  }

  /**
   * Makes sure that nothing has come, and that the connection is open. On virtual time it settles
   * the clock; otherwise it sends PINGREQ, and PINGRESP must be the next packet.
   */
  async expectNothing(options: ExpectOptions = {}): Promise<void> {
    if (this.#clock instanceof VirtualClock) {
      await this.#wait(() => this.#ending !== '' || this.#frames.length > 0, options);
      if (this.#ending === '' && this.#frames.length === 0) return;
    } else {
      this.send({ type: PacketType.pingreq });
      await this.#wait(() => this.#ending !== '' || this.#frames.length > 0, options);
      const frame = this.#frames.shift();
      if (frame !== undefined && frame.bytes[0] >> 4 === PacketType.pingresp) return;
      if (frame !== undefined) this.#frames.unshift(frame);
    }
    this.#fail('nothing', this.#frames);
  }

  async #next(what: string, options: ExpectOptions): Promise<Frame> {
    await this.#wait(() => this.#frames.length > 0 || this.#ending !== '', options);
    return this.#frames.shift() ?? this.#fail(what, []);
  }

  async #nextOrClose(options: ExpectOptions): Promise<Frame | null> {
    await this.#wait(() => this.#frames.length > 0 || this.#ending !== '', options);
    const frame = this.#frames.shift();
    if (frame === undefined && (this.#ending === '' || this.#isGarbled)) {
      this.#fail('a packet, or a close', []);
    }
    return frame ?? null;
  }

  #wait(isMet: () => boolean, { timeoutMs }: ExpectOptions): Promise<boolean> {
    const clock = this.#clock;
    if (clock instanceof VirtualClock) return clock.advanceUntil(isMet, timeoutMs ?? 0);
    if (isMet()) return Promise.resolve(true);
    return new Promise(resolve => {
      const waiting: Waiting = {
        isMet,
        resolve(met) {
          timer.cancel();
          resolve(met);
        },
      };
      const timer = clock.after(timeoutMs ?? realTimeoutMs, () => {
        this.#waiting = this.#waiting.filter(other => other !== waiting);
        resolve(false);
      });
      this.#waiting.push(waiting);
    });
  }

  #receive(chunk: Uint8Array): void {
    const reader = this.#reader;
    reader.version = this.version;
    try {
      reader.push(chunk);
      while (reader.next()) {
        const { start, bodyStart, end } = reader;
        this.#frames.push({
          // Not by slice(), which for a Buffer is no copy.
          bytes: new Uint8Array(reader.bytes.subarray(start, end)),
          bodyStart: bodyStart - start,
        });
      }
    } catch (error) {
      this.#isGarbled = true;
      this.#close(`what came is no MQTT packet: ${error}\n${hexDump(chunk)}`);
      this.stream.destroy();
    }
    this.#check();
  }

  #close(ending: string): void {
    if (this.#ending === '') this.#ending = ending;
    this.#check();
  }

  #check(): void {
    const met = this.#waiting.filter(({ isMet }) => isMet());
    this.#waiting = this.#waiting.filter(waiting => !met.includes(waiting));
    for (const { resolve } of met) resolve(true);
  }

  #fail(expected: string, frames: readonly Frame[]): never {
    const came = frames.map(frame => describeFrame(frame, this.version));
    if (this.#ending !== '') came.push(this.#ending);
    if (this.#reader.carriedBytes > 0) came.push(`${this.#reader.carriedBytes} more bytes`);
    if (came.length === 0) came.push('nothing');
    throw new AssertionError({
      message: `expected ${expected}\ncame ${came.join('\nthen ')}`,
      stackStartFn: this.#fail,
    });
  }
}
