/**
 * A client that keeps the protocol but has bad habits: acknowledges late, in another order or not at
 * all, reads slowly, leaves without a word. Keeps its own side of the session over connections.
 */
import {
  type AcknowledgementPacket,
  type ConnackPacket,
  type ConnectPacket,
  encodePacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { SeededRandom } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import { PacketLane } from './packet-lane.ts';

/** How a client answers. */
export interface Habits {
  /** Milliseconds that an answer takes at most. */
  ackDelayMsMax: number;
  /** How often it does not answer PUBLISH on this connection at all. */
  neverChance: number;
}

/** A message of the client's own that is under way. */
interface Outgoing {
  readonly packet: PublishPacket;
  isReceived: boolean;
}

export interface ClientOptions {
  readonly clientId: string;
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Messages that it may have under way; the broker allows as many. */
  readonly outgoingMax: number;
  readonly trace: (what: string) => void;
}

export class Client {
  readonly clientId: string;
  readonly habits: Habits;
  /** CONNACK has come, and the connection is open. */
  isOpen: boolean;
  version: ProtocolVersion;
  /** Filters that it has asked for, in no certain state. */
  readonly filters: Set<string>;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #trace: (what: string) => void;
  #stream: ByteStream | null;
  /** Counts connections: what was planned on an earlier one is off. */
  #connection: number;
  #nextId: number;
  readonly #outgoingMax: number;
  readonly #outgoing: Map<number, Outgoing>;
  /** Requests that wait for their answer. */
  readonly #requests: Set<number>;
  /** Of PUBLISHes and PUBRELs that were not answered yet on this connection. */
  readonly #unanswered: Set<() => void>;

  constructor({ clientId, clock, random, outgoingMax, trace }: ClientOptions) {
    this.clientId = clientId;
    this.habits = { ackDelayMsMax: 0, neverChance: 0 };
    this.isOpen = false;
    this.version = 5;
    this.filters = new Set();
    this.#clock = clock;
    this.#random = random;
    this.#trace = trace;
    this.#stream = null;
    this.#connection = 0;
    this.#nextId = 0;
    this.#outgoingMax = outgoingMax;
    this.#outgoing = new Map();
    this.#requests = new Set();
    this.#unanswered = new Set();
  }

  /** There is a connection, perhaps not open yet. */
  get isBusy(): boolean {
    return this.#stream !== null;
  }

  /** Connects on `stream`; an earlier connection is left to the broker to end. */
  connect(stream: ByteStream, packet: ConnectPacket): void {
    this.#connection += 1;
    const connection = this.#connection;
    const lane = new PacketLane(packet.protocolVersion);
    this.#leave();
    this.#stream = stream;
    this.version = packet.protocolVersion;
    const isCurrent = (): boolean => this.#connection === connection;
    stream.open({
      onData: chunk => {
        if (isCurrent()) lane.push(chunk, received => this.#received(received));
      },
      onEnd: () => {
        stream.end();
        if (isCurrent()) this.#leave();
      },
      onDrain: () => {},
      onClose: () => {
        if (isCurrent()) this.#leave();
      },
    });
    if (packet.cleanStart) this.#forget();
    this.#send(packet);
  }

  /** How many messages it may publish now. */
  get quota(): number {
    return this.#outgoingMax - this.#outgoing.size;
  }

  publish(packet: Omit<PublishPacket, 'type' | 'dup' | 'packetId'>): void {
    const packetId = packet.qos === 0 ? 0 : this.#newId();
    const whole: PublishPacket = { type: PacketType.publish, dup: false, packetId, ...packet };
    if (packetId !== 0) this.#outgoing.set(packetId, { packet: whole, isReceived: false });
    this.#send(whole);
  }

  /** SUBSCRIBE or UNSUBSCRIBE, with a packet identifier of its own. */
  request(make: (packetId: number) => Packet): void {
    const packetId = this.#newId();
    this.#requests.add(packetId);
    this.#send(make(packetId));
  }

  /** Says goodbye. */
  disconnect(reasonCode: 0 | 4, sessionExpiryInterval: number | undefined): void {
    const properties = this.version === 5 ? { sessionExpiryInterval } : undefined;
    this.#send({ type: PacketType.disconnect, reasonCode, properties });
    this.#stream?.end();
    this.#leave();
  }

  /** Goes without a word. */
  cut(): void {
    this.#stream?.destroy();
    this.#leave();
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  /** Answers all that it has not, at once and from now on. */
  behave(): void {
    this.habits.ackDelayMsMax = 0;
    this.habits.neverChance = 0;
    this.resume();
    for (const answer of this.#unanswered) answer();
  }

  #received(packet: Packet): void {
    switch (packet.type) {
      case PacketType.connack:
        this.#opened(packet);
        break;
      case PacketType.publish:
        this.#trace(`${this.clientId} < ${new TextDecoder().decode(packet.payload).slice(0, 8)}`);
        if (packet.qos > 0) this.#take(packet);
        break;
      case PacketType.pubrel:
        this.#later(() => this.#acknowledge(PacketType.pubcomp, packet.packetId));
        break;
      case PacketType.puback:
      case PacketType.pubcomp:
        this.#outgoing.delete(packet.packetId);
        break;
      case PacketType.pubrec:
        this.#handedOver(packet);
        break;
      case PacketType.suback:
      case PacketType.unsuback:
        this.#requests.delete(packet.packetId);
    }
  }

  #opened({ reasonCode, sessionPresent }: ConnackPacket): void {
    this.#trace(`${this.clientId} < connack ${reasonCode} ${sessionPresent}`);
    if (reasonCode !== 0) {
      this.cut();
      return;
    }
    this.isOpen = true;
    if (!sessionPresent && this.version !== 3) this.#forget();
    for (const [packetId, { packet, isReceived }] of this.#outgoing) {
      if (isReceived) this.#acknowledge(PacketType.pubrel, packetId);
      else this.#send({ ...packet, dup: true });
    }
  }

  #take({ qos, packetId }: PublishPacket): void {
    const type = qos === 1 ? PacketType.puback : PacketType.pubrec;
    this.#later(() => this.#acknowledge(type, packetId));
  }

  #handedOver({ packetId, reasonCode }: AcknowledgementPacket): void {
    const outgoing = this.#outgoing.get(packetId);
    if (reasonCode >= 0x80) this.#outgoing.delete(packetId);
    else {
      if (outgoing !== undefined) outgoing.isReceived = true;
      this.#acknowledge(PacketType.pubrel, packetId);
    }
  }

  #acknowledge(type: AcknowledgementPacket['type'], packetId: number): void {
    this.#send({ type, packetId, reasonCode: 0 });
  }

  /** Answers at some time, if this connection lasts. */
  #later(answer: () => void): void {
    const connection = this.#connection;
    const once = (): void => {
      if (this.#unanswered.delete(once) && connection === this.#connection) answer();
    };
    this.#unanswered.add(once);
    const { ackDelayMsMax, neverChance } = this.habits;
    if (this.#random.chance(neverChance)) return;
    if (ackDelayMsMax === 0) once();
    else this.#clock.after(this.#random.int(0, ackDelayMsMax), once);
  }

  #send(packet: Packet): void {
    const bytes = encodePacket(packet, this.version);
    if (bytes !== null) this.#stream?.write(bytes);
  }

  #newId(): number {
    do this.#nextId = (this.#nextId % 65_535) + 1;
    while (this.#outgoing.has(this.#nextId) || this.#requests.has(this.#nextId));
    return this.#nextId;
  }

  /** The session is new. */
  #forget(): void {
    this.#outgoing.clear();
    this.filters.clear();
  }

  #leave(): void {
    this.isOpen = false;
    this.#stream = null;
    this.#unanswered.clear();
    this.#requests.clear();
  }
}
