/**
 * A client of the crash test: a complete and honest MQTT client whose session state, in both
 * directions, outlives its connections, as that of a client on a disk of its own would. It tells
 * who uses it what was acknowledged and what came, and reports answers no broker may give.
 */
import {
  type Packet,
  PacketType,
  type ProtocolVersion,
  type QoS,
  ReasonCode,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { Faults } from './faults.ts';
import { type Arrived, InboundFlow } from './inbound-flow.ts';
import { OutboundFlow, type Outgoing } from './outbound-flow.ts';
import { Wire } from './wire.ts';

export interface PeerOptions {
  readonly clientId: string;
  readonly version: ProtocolVersion;
  /** 0: the session ends with each connection. */
  readonly expirySeconds: number;
  readonly clock: Clock;
  readonly faults: Faults;
  /** PUBLISHes of its own that it has unacknowledged at most. */
  readonly window?: number;
  /** How long acknowledgements of what it gets wait. */
  readonly ackDelayMs?: () => number;
  readonly onMessage?: (message: Arrived) => void;
  readonly will?: { topic: string; payload: Uint8Array; delaySeconds: number };
}

/** A SUBSCRIBE, or an UNSUBSCRIBE when `qos` is null; sent again until it is answered. */
interface Request {
  readonly filter: string;
  readonly qos: QoS | null;
  packetId: number;
  readonly onAnswer: () => void;
}

const never = 0xffff_ffff;
/** Above those that {@link OutboundFlow} uses. */
const requestIdMin = 60_000;

export class Peer {
  readonly options: PeerOptions;
  /** Filters that the broker has granted and not been told to forget. */
  readonly granted = new Map<string, QoS>();
  readonly #outbound: OutboundFlow;
  readonly #inbound: InboundFlow;
  #requests: Request[] = [];
  #wire: Wire | null = null;
  #isOnline = false;
  #nextRequestId = requestIdMin;

  constructor(options: PeerOptions) {
    this.options = options;
    const send = (packet: Packet): void => this.#wire?.send(packet);
    this.#outbound = new OutboundFlow(options, send);
    this.#inbound = new InboundFlow(options, send);
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Nothing that was asked for waits for an answer, and the broker owes no PUBREL. */
  get isIdle(): boolean {
    return this.#outbound.isIdle && this.#inbound.isIdle && this.#requests.length === 0;
  }

  /** Connects; resolves with Session Present, or null when the connection ends before. */
  connect(port: number, options: { cleanStart?: boolean } = {}): Promise<boolean | null> {
    this.cut();
    const { promise, resolve } = Promise.withResolvers<boolean | null>();
    const cleanStart = options.cleanStart ?? this.options.expirySeconds === 0;
    const wire = new Wire(
      port,
      this.options.version,
      packet => {
        if (this.#wire !== wire) return;
        if (packet.type !== PacketType.connack) this.#receive(packet);
        else if (packet.reasonCode === 0) resolve(this.#connected(packet.sessionPresent));
        else this.options.faults.add('refused', `${this.#name}: CONNACK ${packet.reasonCode}`);
      },
      () => {
        if (this.#wire === wire) this.#wire = null;
        if (this.#wire === null) this.#lost();
        resolve(null);
      },
    );
    this.#wire = wire;
    wire.send(this.#connectPacket(cleanStart));
    return promise;
  }

  /** Publishes now or when the window and a connection allow. */
  publish(message: Outgoing): void {
    this.#outbound.add(message);
  }

  subscribe(filter: string, qos: QoS, onAnswer: () => void): void {
    this.#request({ filter, qos, packetId: 0, onAnswer });
  }

  unsubscribe(filter: string, onAnswer: () => void): void {
    this.#request({ filter, qos: null, packetId: 0, onAnswer });
  }

  /** Breaks the connection without a word. */
  cut(): void {
    this.#wire?.cut();
    this.#wire = null;
    this.#lost();
  }

  /** Leaves with DISCONNECT, that is, without its will. */
  leave(): void {
    this.#wire?.send({ type: PacketType.disconnect, reasonCode: 0 });
    this.#isOnline = false;
  }

  get #name(): string {
    return this.options.clientId;
  }

  #connectPacket(cleanStart: boolean): Packet {
    const { clientId, version, expirySeconds, will } = this.options;
    const expiry = { sessionExpiryInterval: expirySeconds };
    return {
      type: PacketType.connect,
      protocolVersion: version,
      cleanStart,
      keepAlive: 0,
      clientId,
      ...(version === 5 && { properties: expiry }),
      ...(will !== undefined && {
        will: {
          topic: will.topic,
          payload: will.payload,
          qos: 1,
          retain: false,
          properties: { willDelayInterval: will.delaySeconds },
        },
      }),
    };
  }

  #connected(isPresent: boolean): boolean {
    this.#isOnline = true;
    const { faults, expirySeconds } = this.options;
    // Who may have lost it to its expiry looks at it himself.
    if (!isPresent && this.granted.size > 0 && isEndless(expirySeconds)) {
      faults.add('session lost', `${this.#name} had ${[...this.granted.keys()].join(', ')}`);
    }
    if (!isPresent) this.#forget();
    this.#outbound.connected();
    this.#inbound.connected();
    for (const request of this.#requests) this.#ask(request);
    return isPresent;
  }

  /** The broker knows nothing of what was: nor does the client from now on. */
  #forget(): void {
    this.#outbound.forget();
    this.#inbound.forget();
    for (const [filter, qos] of this.granted) this.subscribe(filter, qos, () => {});
    this.granted.clear();
  }

  #lost(): void {
    this.#isOnline = false;
    this.#outbound.disconnected();
    this.#inbound.disconnected();
  }

  #request(request: Request): void {
    this.#requests.push(request);
    if (this.#isOnline) this.#ask(request);
  }

  #ask(request: Request): void {
    const { filter, qos } = request;
    this.#nextRequestId = this.#nextRequestId === 65_535 ? requestIdMin : this.#nextRequestId + 1;
    request.packetId = this.#nextRequestId;
    const { packetId } = request;
    if (qos === null) {
      this.#wire!.send({ type: PacketType.unsubscribe, packetId, filters: [filter] });
      return;
    }
    const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
    const subscriptions = [{ filter, qos, ...options }];
    this.#wire!.send({ type: PacketType.subscribe, packetId, subscriptions });
  }

  #answered(packetId: number): void {
    const index = this.#requests.findIndex(request => request.packetId === packetId);
    if (index === -1) return;
    const [{ filter, qos, onAnswer }] = this.#requests.splice(index, 1);
    if (qos === null) this.granted.delete(filter);
    else this.granted.set(filter, qos);
    onAnswer();
  }

  #receive(packet: Packet): void {
    switch (packet.type) {
      case PacketType.publish:
      case PacketType.pubrel:
        this.#inbound.receive(packet);
        break;
      case PacketType.puback:
      case PacketType.pubrec:
      case PacketType.pubcomp:
        this.#outbound.receive(packet);
        break;
      case PacketType.suback:
        if (packet.reasonCodes[0] >= 0x80) {
          this.options.faults.add('refused', `${this.#name}: SUBACK ${packet.reasonCodes[0]}`);
        } else this.#answered(packet.packetId);
        break;
      case PacketType.unsuback:
        this.#answered(packet.packetId);
        break;
      case PacketType.disconnect:
        if (packet.reasonCode !== ReasonCode.serverShuttingDown) {
          this.options.faults.add('refused', `${this.#name}: DISCONNECT ${packet.reasonCode}`);
        }
        break;
      default:
        break;
    }
  }
}

function isEndless(expirySeconds: number): boolean {
  return expirySeconds === never;
}

/** Seconds of a session that does not expire. */
export const endless = never;
