/**
 * The life of one socket: bytes to packets, phase, keep-alive, and the one place where a broken
 * protocol is caught. What a packet means is for the handlers it is given.
 */
import {
  type AcknowledgementPacket,
  type ConnackPacket,
  type DisconnectPacket,
  encodePacket,
  FrameReader,
  type InboundAliases,
  isKeepAliveOver,
  keepAliveGraceTicks,
  type OutboundAliases,
  type Packet,
  PacketType,
  ProtocolError,
  type ProtocolVersion,
  ReasonCode,
  writeAcknowledgement,
  writeAcknowledgementReason,
} from '@godwit/protocol';
import type { Timer } from '@godwit/runtime';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import type { Ticket } from '../admission/admission.ts';
import type { Context } from '../context.ts';
import type { AckLevel } from '../durable/ack-level.ts';
import type { ClientInfo, ConnectRefusal, Explanation, Refusal } from '../hooks.ts';
import type { Route } from '../routing/route.ts';
import type { Session } from '../session/session.ts';
import { Deadline, tickMs } from '../timer-wheel.ts';
import type { ConnectionTap } from '../trace/connection-tap.ts';
import type { Authentication } from './authentication.ts';
import { InboundRate } from './inbound-rate.ts';
import { Outbox, type OutboxOwner } from './outbox.ts';
import { PermissionEnd } from './permission-end.ts';
import { SlowClient } from './slow-client.ts';

/** Between two reads of a publisher while the broker is overloaded. */
const overloadPauseMs = 100;

/** Before CONNACK, after it, after we decided to close, and after the stream is gone. */
export const Phase = { connecting: 0, open: 1, closing: 2, closed: 3 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** What a connection does not decide itself. */
export interface ConnectionHandlers {
  /** The reader stands on a PUBLISH of an open connection. A promise holds the connection. */
  onPublish(connection: Connection): void | Promise<void>;
  /** The reader stands on any other packet. */
  onPacket(connection: Connection): void | Promise<void>;
  /** The same, of a client that has published too much. */
  onPublishRefused(connection: Connection): void;
  /** All whole packets of a chunk were handled; its memory is about to be used again. */
  onChunkEnd(connection: Connection): void;
  /** The connection is over: the stream is gone, or about to be closed. Once for each. */
  onGone(connection: Connection): void;
  /** The stream is closed: after `onGone`, once. */
  onClosed(connection: Connection): void;
}

export class Connection extends Deadline implements StreamHandlers, OutboxOwner {
  readonly context: Context;
  readonly reader: FrameReader;
  readonly outbox: Outbox;
  phase: Phase;
  version: ProtocolVersion;
  /** Version 5.0: packets have properties. */
  withProperties: boolean;
  /** Largest packet that the client takes, in bytes. */
  peerPacketBytesMax: number;
  session: Session | null;
  /** Route of the last PUBLISH: publishers repeat topics. */
  route: Route | null;
  /** Route that the client was last allowed to publish to, with this first byte but for DUP. */
  allowedRoute: Route | null;
  allowedHeader: number;
  /** Topics by the aliases that the client set; null until the first. */
  aliases: InboundAliases<Route> | null;
  /** Topic aliases that we set; null when the client takes none. */
  outboundAliases: OutboundAliases<string> | null;
  /** What our acknowledgements promise, unless there is a rule for the topic. */
  readonly ackLevel: AckLevel;
  readonly ticket: Ticket;
  /** Null where nothing bounds what a client sends in a time. */
  readonly rate: InboundRate | null;
  /** The client wants Reason Strings and User Properties. [MQTT-3.1.2-29] */
  wantsProblemInformation: boolean;
  /** Null when CONNECT has no Authentication Method. */
  authentication: Authentication | null;
  client: ClientInfo;
  /** Tick of the last complete packet. */
  lastSeenTick: number;
  /** Ticks of silence that end the connection. */
  keepAliveTicks: number;
  /** Reason in the DISCONNECT that was sent or received. */
  reasonCode: number;
  /** The client sent DISCONNECT. */
  closedByClient: boolean;
  /** Null while the client may stay as long as it likes. */
  #permissionEnd: PermissionEnd | null;
  readonly #stream: ByteStream;
  readonly #handlers: ConnectionHandlers;
  #held: boolean;
  /** Null unless somebody reads along. */
  #tap: ConnectionTap | null;
  /** Ends the hold of a client that did not take our answers. */
  #onDrained: (() => void) | null;
  /** Runs while the client is read no further because of what it sent. */
  #pause: Timer | null;
  /** Null until the client was slow for the first time. */
  #slow: SlowClient | null;

  constructor(context: Context, stream: ByteStream, handlers: ConnectionHandlers, ticket: Ticket) {
    super();
    const { limits } = context;
    this.context = context;
    this.reader = new FrameReader(limits.connectBytesMax);
    this.outbox = new Outbox(context, stream, this);
    this.phase = Phase.connecting;
    this.version = 4;
    this.withProperties = false;
    this.peerPacketBytesMax = Number.POSITIVE_INFINITY;
    this.session = null;
    this.route = null;
    this.allowedRoute = null;
    this.allowedHeader = 0;
    this.aliases = null;
    this.outboundAliases = null;
    this.ackLevel = ticket.entrance.ack;
    this.ticket = ticket;
    this.rate = InboundRate.of(limits, context.publishRatePolicy, context.clock);
    this.wantsProblemInformation = true;
    this.authentication = null;
    this.client = {
      clientId: '',
      username: undefined,
      protocolVersion: 4,
      remoteAddress: stream.remoteAddress,
      remotePort: stream.remotePort,
      peerCertificate: stream.peerCertificate,
    };
    this.lastSeenTick = context.wheel.tick;
    this.keepAliveTicks = Number.POSITIVE_INFINITY;
    this.reasonCode = ReasonCode.unspecifiedError;
    this.closedByClient = false;
    this.#permissionEnd = null;
    this.#stream = stream;
    this.#handlers = handlers;
    this.#held = false;
    this.#tap = null;
    this.#onDrained = null;
    this.#pause = null;
    this.#slow = null;
  }

  /** Has `tap` see all packets from now on; null: nobody. */
  setTap(tap: ConnectionTap | null): void {
    this.#tap = tap;
    this.outbox.tap = tap;
  }

  /** Begins to read. The stream may turn out to be gone already: then `onClosed` comes at once. */
  start(): void {
    const { wheel, limits } = this.context;
    wheel.set(this, limits.connectTimeoutMs);
    this.#stream.open(this);
  }

  onData(chunk: Uint8Array): void {
    this.context.metrics.bytesReceived += chunk.length;
    if (this.phase >= Phase.closing) return;
    this.reader.push(chunk);
    if (this.#held) this.reader.detach();
    else this.#readPackets();
  }

  onEnd(): void {
    if (this.phase < Phase.closing) this.terminate();
  }

  onDrain(): void {}

  onClose(): void {
    if (this.phase === Phase.closed) return;
    this.#leave();
    this.phase = Phase.closed;
    this.context.wheel.clear(this);
    this.outbox.close();
    this.#handlers.onClosed(this);
  }

  onOutboxFull(): void {
    if (this.context.limits.slowClientTimeoutMs === 0) return;
    this.#slow ??= new SlowClient(this);
    this.#slow.begin();
  }

  onOutboxDrained(): void {
    this.#slow?.end();
    this.session?.pump();
    this.#onDrained?.();
    this.#onDrained = null;
  }

  /** CONNECT timeout, keep-alive, or the end of the grace for closing, by phase. */
  onDeadline(): void {
    const { wheel, metrics } = this.context;
    if (this.phase === Phase.connecting) {
      metrics.connectTimeouts += 1;
      this.terminate();
    } else if (this.phase === Phase.closing) this.#stream.destroy();
    else {
      // It is we who do not read.
      if (this.#pause !== null) this.lastSeenTick = wheel.tick;
      const { lastSeenTick, keepAliveTicks } = this;
      if (isKeepAliveOver(wheel.tick, lastSeenTick, keepAliveTicks)) {
        metrics.keepAliveTimeouts += 1;
        this.disconnect(ReasonCode.keepAliveTimeout);
      } else wheel.setTicks(this, lastSeenTick + keepAliveTicks - wheel.tick);
    }
  }

  /** Starts counting silence; 0 seconds: any length of it is fine. [MQTT-3.1.2-22] */
  startKeepAlive(seconds: number): void {
    const { wheel } = this.context;
    this.keepAliveTicks = keepAliveGraceTicks(seconds, tickMs);
    if (seconds === 0) wheel.clear(this);
    else wheel.setTicks(this, this.keepAliveTicks);
  }

  /** Until when the client may stay, in wall time; undefined: for ever. Replaces what was set. */
  permitUntil(expiresAtMs: number | undefined): void {
    if (expiresAtMs === undefined) {
      if (this.#permissionEnd !== null) this.context.wheel.clear(this.#permissionEnd);
      return;
    }
    this.#permissionEnd ??= new PermissionEnd(this);
    this.#permissionEnd.set(expiresAtMs);
  }

  /**
   * Whether `packet` is within the client's Maximum Packet Size.
   * @throws RangeError when it cannot be sent to anyone
   */
  takes(packet: Packet): boolean {
    return this.#encode(packet) !== null;
  }

  /** What the client may be told in a packet of its own; it may have asked to be spared. */
  explanation({ reasonString, userProperties }: Explanation): Explanation | undefined {
    // [MQTT-3.1.2-29]
    return this.wantsProblemInformation ? { reasonString, userProperties } : undefined;
  }

  /**
   * Sends a packet that is not a PUBLISH; nothing once the connection is on its way out.
   * @returns false when it is larger than the client takes and was not sent
   */
  send(packet: Packet): boolean {
    // [MQTT-3.14.4-1]
    if (this.phase >= Phase.closing) return true;
    const bytes = this.#encode(packet);
    if (bytes === null) return false;
    this.outbox.append(bytes, 0, bytes.length);
    return true;
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP; the reason is left out where there is none. */
  acknowledge(type: AcknowledgementPacket['type'], packetId: number, reasonCode: number): void {
    const header = (type << 4) | (type === PacketType.pubrel ? 2 : 0);
    if (reasonCode === 0 || !this.withProperties) {
      const at = this.outbox.claim(4);
      writeAcknowledgement(this.outbox.bytes, at, header, packetId);
    } else {
      const at = this.outbox.claim(5);
      writeAcknowledgementReason(this.outbox.bytes, at, header, packetId, reasonCode);
    }
  }

  /** Refuses a PUBLISH by PUBACK or PUBREC. Before 5.0 that acknowledges it. */
  refusePublish(
    type: typeof PacketType.puback | typeof PacketType.pubrec,
    packetId: number,
    refusal: Refusal,
  ): void {
    const { reasonCode } = refusal;
    this.send({ type, packetId, reasonCode, properties: this.explanation(refusal) });
  }

  /** Refuses a CONNECT: CONNACK, then the end. Only before CONNACK. */
  refuse(reasonCode: number, details: Partial<ConnectRefusal> = {}): void {
    if (this.phase !== Phase.connecting) return;
    this.#sendLast({ type: PacketType.connack, sessionPresent: false, reasonCode }, details);
    this.reasonCode = reasonCode;
    this.#close();
  }

  /** Ends an open connection, saying why where the version can. [MQTT-3.14.0-1] */
  disconnect(reasonCode: number, details: Partial<ConnectRefusal> = {}): void {
    if (this.phase !== Phase.open) {
      if (this.phase === Phase.connecting) this.terminate();
      return;
    }
    if (this.withProperties) this.#sendLast({ type: PacketType.disconnect, reasonCode }, details);
    this.reasonCode = reasonCode;
    this.#close();
  }

  /** Ends the connection after the client's DISCONNECT: sends what is written and closes. */
  finish(reasonCode: number): void {
    this.reasonCode = reasonCode;
    this.closedByClient = true;
    this.#close();
  }

  /** Ends the connection without a word. */
  terminate(): void {
    if (this.phase === Phase.closed) return;
    this.#leave();
    this.#stream.destroy();
  }

  #encode(packet: Packet): Uint8Array | null {
    return encodePacket(packet, this.version, Math.min(this.peerPacketBytesMax, 0x7fffffff));
  }

  /** Sends CONNACK or DISCONNECT with what fits of `details`, which also hold the reason code. */
  #sendLast(packet: ConnackPacket | DisconnectPacket, details: Partial<ConnectRefusal>): void {
    const { serverReference } = details;
    const properties = { serverReference, ...this.explanation(details) };
    if (!this.send({ ...packet, properties })) this.send(packet);
  }

  /** Sends what is written, then closes; a client that does not take it is cut after a grace. */
  #close(): void {
    if (this.phase >= Phase.closing) return;
    this.#leave();
    this.outbox.end();
    this.context.wheel.set(this, this.context.limits.closeGraceMs);
  }

  #leave(): void {
    if (this.phase >= Phase.closing) return;
    this.phase = Phase.closing;
    this.permitUntil(undefined);
    this.#pause?.cancel();
    this.#slow?.end();
    this.#handlers.onGone(this);
  }

  #readPackets(): void {
    const { reader, rate } = this;
    const handlers = this.#handlers;
    const { metrics, load } = this.context;
    if (rate !== null) {
      const debtMs = rate.fill();
      if (debtMs > 0) {
        this.#wait(debtMs);
        return;
      }
    }
    const tap = this.#tap;
    let packets = 0;
    let publishes = 0;
    let waitMs = 0;
    try {
      while (this.phase < Phase.closing && reader.next()) {
        packets += 1;
        if (tap !== null) tap.received(reader);
        const isPublish = reader.header >> 4 === PacketType.publish && this.phase === Phase.open;
        const pending = isPublish ? this.#publish(rate) : handlers.onPacket(this);
        if (isPublish) publishes += 1;
        if (pending !== undefined) {
          this.#hold(pending);
          break;
        }
        if (rate?.isOver) {
          waitMs = rate.fill();
          if (waitMs > 0) break;
        }
      }
    } catch (error) {
      // Nothing may follow our DISCONNECT, so what came before goes out first.
      handlers.onChunkEnd(this);
      this.#fail(error);
    }
    handlers.onChunkEnd(this);
    if (packets > 0) {
      metrics.packetsReceived += packets;
      this.lastSeenTick = this.context.wheel.tick;
    }
    if (this.phase >= Phase.closing) reader.detach();
    else if (!this.#held) {
      if (waitMs > 0) {
        metrics.publishersPaused += 1;
        this.#wait(waitMs);
      } else if (this.outbox.isOverrun) this.#hold(this.#drained());
      else if (publishes > 0 && load.isOverloaded) this.#wait(overloadPauseMs);
    }
  }

  #publish(rate: InboundRate | null): void | Promise<void> {
    const { start, end } = this.reader;
    if (rate === null || rate.takePublish(end - start)) return this.#handlers.onPublish(this);
    this.#handlers.onPublishRefused(this);
    return undefined;
  }

  /** Reads no further for a while. */
  #wait(delayMs: number): void {
    this.#stop();
    this.#pause = this.context.clock.after(delayMs, () => {
      this.#pause = null;
      this.lastSeenTick = this.context.wheel.tick;
      this.#release();
    });
  }

  /** Settles once the client has taken what it was sent, to half the budget. */
  #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    return promise;
  }

  /** Reads no further until `pending` is settled. */
  #hold(pending: Promise<void>): void {
    this.#stop();
    pending.then(
      () => this.#release(),
      error => {
        this.#fail(error);
        this.#release();
      },
    );
  }

  #stop(): void {
    this.#held = true;
    this.reader.detach();
    this.#stream.pause();
  }

  #release(): void {
    this.#held = false;
    if (this.phase >= Phase.closing) return;
    this.#stream.resume();
    this.#readPackets();
  }

  /** The peer broke the protocol, or we have a fault: either costs this connection only. */
  #fail(error: unknown): void {
    const { metrics, hooks } = this.context;
    const isProtocolError = error instanceof ProtocolError;
    const reasonCode = isProtocolError ? error.reasonCode : ReasonCode.implementationSpecificError;
    metrics.protocolErrors += 1;
    hooks.onProtocolError?.(this.client, reasonCode, String(error));
    if (this.phase !== Phase.connecting) this.disconnect(reasonCode);
    else if (this.client.clientId !== '') this.refuse(reasonCode);
    else if (this.reader.header >> 4 === PacketType.connect) this.#refuseUndecoded(reasonCode);
    else this.terminate();
  }

  /** Answers a CONNECT that could not be decoded, in the format of the version it names. */
  #refuseUndecoded(reasonCode: number): void {
    const { bytes, bodyStart, end } = this.reader;
    const levelAt = bodyStart + 2 + ((bytes[bodyStart] << 8) | bytes[bodyStart + 1]);
    const level = levelAt < end ? bytes[levelAt] : 0;
    this.version = level >= 5 ? 5 : 4;
    if (level >= 5 || reasonCode === ReasonCode.unsupportedProtocolVersion) {
      this.refuse(reasonCode);
    } else this.terminate();
  }
}
