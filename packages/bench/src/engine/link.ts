/**
 * One MQTT connection, reduced to what a load needs: it reads packets without decoding them,
 * answers those of QoS 1 and 2, and writes once a turn. Whom messages belong to, and when to send,
 * its owner knows.
 */
import {
  type ConnackPacket,
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  PublishView,
  type QoS,
  reasonCodeName,
  writeAcknowledgement,
} from '@godwit/protocol';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import type { ServerSettings } from './server-settings.ts';
import type { Flushable, Tick } from './tick.ts';

/** What a link tells its owner. */
export interface LinkOwner {
  /** It writes in {@link LinkOwner.onFlush}, so that answers are held back to go with it. */
  readonly isSender: boolean;
  /** The view is valid during the call. */
  onPublish(view: PublishView, nowUs: number): void;
  /** The last answer to a PUBLISH of QoS 1 or 2. */
  onAcknowledged(packetId: number, reasonCode: number, nowUs: number): void;
  onPong(): void;
  /** The link is about to write: the owner may write too. */
  onFlush(): void;
  onClosed(): void;
}

const packetBytesMax = 268_435_460;
const answersBytesFirst = 256;
const pubrelHeader = 0x62;
const failure = 0x80;

/** One view serves all links: it is used up during one call. */
const view = new PublishView();

export class Link implements Flushable, StreamHandlers {
  isDue: boolean;
  isOpen: boolean;
  owner: LinkOwner | null;
  readonly #tick: Tick;
  readonly #stream: ByteStream;
  readonly #settings: ServerSettings;
  readonly #reader: FrameReader;
  /** Answers that wait for the end of the turn. */
  #answers: Uint8Array;
  #answersEnd: number;
  /** What of them the stream has not given back. */
  #lent: Uint8Array | null;
  /** Resolves the request that waits for an answer. */
  #onAnswer: ((packet: Packet | Error) => void) | null;
  #refusal: Error;

  constructor(stream: ByteStream, settings: ServerSettings, tick: Tick) {
    this.isDue = false;
    this.isOpen = true;
    this.owner = null;
    this.#tick = tick;
    this.#stream = stream;
    this.#settings = settings;
    this.#reader = new FrameReader(packetBytesMax);
    this.#reader.version = settings.version;
    this.#answers = noBytes;
    this.#answersEnd = 0;
    this.#lent = null;
    this.#onAnswer = null;
    this.#refusal = new Error('the server closed the connection');
    stream.open(this);
  }

  /**
   * Opens a session of this client identifier, which ends as the settings say.
   *
   * @throws Error when the server refuses, or closes
   */
  async connect(clientId: string): Promise<ConnackPacket> {
    const { version, username, password, keepAliveSeconds } = this.#settings;
    const { sessionExpirySeconds: expiry } = this.#settings;
    const answer = await this.#ask({
      type: PacketType.connect,
      protocolVersion: version,
      cleanStart: version === 5 || expiry === 0,
      ...(expiry > 0 && { properties: { sessionExpiryInterval: expiry } }),
      keepAlive: keepAliveSeconds,
      clientId,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password: Buffer.from(password) }),
    });
    if (answer.type !== PacketType.connack) throw new Error('the server did not answer CONNECT');
    if (answer.reasonCode >= failure) {
      throw new Error(`the server refused the connection: ${reasonCodeName(answer.reasonCode)}`);
    }
    return answer;
  }

  /** @throws Error when the server refuses a filter */
  async subscribe(filters: readonly string[], qos: QoS): Promise<void> {
    const subscriptions = filters.map(filter => ({
      filter,
      qos,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
    }));
    const answer = await this.#ask({ type: PacketType.subscribe, packetId: 1, subscriptions });
    if (answer.type !== PacketType.suback) throw new Error('the server did not answer SUBSCRIBE');
    const refused = answer.reasonCodes.findIndex(code => code >= failure);
    if (refused === -1) return;
    const reason = reasonCodeName(answer.reasonCodes[refused]);
    throw new Error(`the server refused ${filters[refused]}: ${reason}`);
  }

  /** Has the owner asked for what it would write, at the end of this turn. */
  touch(): void {
    this.#tick.add(this);
  }

  /** Writes now; `done` is called when the memory is free again, at once where possible. */
  write(bytes: Uint8Array, done: () => void): void {
    this.#stream.write(bytes, done);
  }

  ping(): void {
    if (this.isOpen) this.#stream.write(pingreq);
  }

  /** Says DISCONNECT and closes; what the server still sends is dropped. */
  close(): void {
    if (!this.isOpen) return;
    this.#stream.write(disconnect);
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  flush(): void {
    const { isOpen, owner } = this;
    if (!isOpen) return;
    const isCorked = owner?.isSender === true && this.#answersEnd > 0;
    if (isCorked) this.#stream.cork();
    if (this.#answersEnd > 0) this.#writeAnswers();
    owner?.onFlush();
    if (isCorked) this.#stream.uncork();
  }

  onData(chunk: Uint8Array): void {
    const reader = this.#reader;
    const nowUs = this.#tick.nowUs();
    try {
      reader.push(chunk);
      while (reader.next()) {
        if (reader.header >> 4 === PacketType.publish) this.#takePublish(nowUs);
        else this.#takeOther(nowUs);
      }
    } catch (error) {
      this.#refusal = error as Error;
      this.#stream.destroy();
    }
  }

  onEnd(): void {
    this.#stream.end();
  }

  onDrain(): void {
    this.touch();
  }

  onClose(error: Error | null): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#onAnswer?.(error ?? this.#refusal);
    this.owner?.onClosed();
  }

  #takePublish(nowUs: number): void {
    const { bytes, header, bodyStart, end } = this.#reader;
    view.read(bytes, header, bodyStart, end, this.#settings.version);
    if (view.qos !== 0) {
      this.#answer(view.qos === 1 ? PacketType.puback << 4 : PacketType.pubrec << 4, view.packetId);
    }
    this.owner?.onPublish(view, nowUs);
  }

  #takeOther(nowUs: number): void {
    const { bytes, header, bodyStart, end } = this.#reader;
    const type = header >> 4;
    switch (type) {
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubrel:
      case PacketType.pubcomp: {
        const packetId = (bytes[bodyStart] << 8) | bytes[bodyStart + 1];
        const reasonCode = end - bodyStart > 2 ? bytes[bodyStart + 2] : 0;
        if (type === PacketType.pubrel) this.#answer(PacketType.pubcomp << 4, packetId);
        else if (type === PacketType.pubrec && reasonCode < failure) {
          this.#answer(pubrelHeader, packetId);
        } else this.owner?.onAcknowledged(packetId, reasonCode, nowUs);
        return;
      }
      case PacketType.pingresp:
        this.owner?.onPong();
        return;
      case PacketType.connack:
      case PacketType.suback:
        this.#onAnswer?.(decodePacket(bytes, header, bodyStart, end, this.#settings.version));
        return;
      case PacketType.disconnect: {
        const reason = end > bodyStart ? `: ${reasonCodeName(bytes[bodyStart])}` : '';
        this.#refusal = new Error(`the server disconnected${reason}`);
      }
    }
  }

  #ask(request: Packet): Promise<Packet> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(this.#refusal);
        return;
      }
      this.#onAnswer = answer => {
        this.#onAnswer = null;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      const bytes = encodePacket(request, this.#settings.version);
      if (bytes !== null) this.#stream.write(bytes);
    });
  }

  #answer(header: number, packetId: number): void {
    if (this.#answersEnd === 0 && this.#lent === this.#answers) this.#answers = noBytes;
    if (this.#answersEnd + 4 > this.#answers.length) this.#growAnswers();
    this.#answersEnd = writeAcknowledgement(this.#answers, this.#answersEnd, header, packetId);
    if (!this.isDue) this.#tick.add(this);
  }

  #growAnswers(): void {
    const grown = new Uint8Array(Math.max(answersBytesFirst, this.#answersEnd * 2));
    grown.set(this.#answers.subarray(0, this.#answersEnd));
    this.#answers = grown;
  }

  #writeAnswers(): void {
    const written = this.#answers;
    this.#lent = written;
    this.#stream.write(written.subarray(0, this.#answersEnd), () => {
      if (this.#lent === written) this.#lent = null;
    });
    this.#answersEnd = 0;
  }
}

const noBytes = new Uint8Array(0);
const pingreq = Uint8Array.of(PacketType.pingreq << 4, 0);
const disconnect = Uint8Array.of(PacketType.disconnect << 4, 0);
