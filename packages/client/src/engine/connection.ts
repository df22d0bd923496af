/**
 * The life of one stream: CONNECT and its answer, packets in and out, keep alive, the end. Knows
 * nothing of messages and subscriptions; what outlives the stream is the session's.
 */
import {
  type ConnackPacket,
  type ConnectPacket,
  type DisconnectPacket,
  decodePacket,
  encodePacket,
  FrameReader,
  type Packet,
  PacketType,
  ProtocolError,
  ReasonCode,
} from '@godwit/protocol';
import type { Clock, Timer } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import { ErrorCode, MqttError, reasonName } from '../errors.ts';
import { limits } from '../limits.ts';
import { KeepAlive } from './keep-alive.ts';
import { Outbox, type WhenStored } from './outbox.ts';
import { type ServerSettings, serverSettings } from './server-settings.ts';

export interface ConnectionHandlers {
  /** The server accepted. */
  onUp(server: ServerSettings): void;
  /** Any packet but those of the connection itself. May throw ProtocolError. */
  onPacket(packet: Packet): void;
  /** It is over, once; undefined when `end` did it. */
  onDown(error: MqttError | undefined): void;
}

type Phase = 'connecting' | 'open' | 'ending' | 'down';

/** What only servers are sent; it is refused unread. */
const forServers: ReadonlySet<number> = new Set([
  PacketType.connect,
  PacketType.subscribe,
  PacketType.unsubscribe,
  PacketType.pingreq,
]);

export class Connection {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #connect: ConnectPacket;
  readonly #handlers: ConnectionHandlers;
  readonly #reader: FrameReader;
  readonly #outbox: Outbox;
  readonly #keepAlive: KeepAlive;
  #phase: Phase;
  /** The rest of what came with CONNACK waits until those who waited for it have run. */
  #isHeld: boolean;
  #serverPacketSize: number;
  #endTimer: Timer | null;

  /**
   * Takes over `stream`, which is not open yet, and sends `connect`.
   * @throws RangeError when that cannot be encoded
   */
  constructor(
    stream: ByteStream,
    clock: Clock,
    connect: ConnectPacket,
    maximumPacketSize: number,
    handlers: ConnectionHandlers,
    whenStored: WhenStored | null = null,
  ) {
    this.#stream = stream;
    this.#clock = clock;
    this.#connect = connect;
    this.#handlers = handlers;
    this.#reader = new FrameReader(maximumPacketSize);
    this.#reader.version = connect.protocolVersion;
    this.#outbox = new Outbox(stream, clock, whenStored);
    this.#keepAlive = new KeepAlive(clock, {
      ping: () => this.send({ type: PacketType.pingreq }),
      expire: () => this.#onSilence(),
    });
    this.#phase = 'connecting';
    this.#isHeld = false;
    this.#serverPacketSize = Number.POSITIVE_INFINITY;
    this.#endTimer = null;
    // before the stream is open: it may throw
    const bytes = this.#encode(connect)!;
    stream.open({
      onData: chunk => this.#onData(chunk),
      onEnd: () => this.#onEnd(),
      onDrain: () => {},
      onClose: error => this.#onClose(error),
    });
    this.#outbox.append(bytes);
  }

  /**
   * Sends a packet with what else is sent in this tick; `onTaken` is called once, when the
   * transport has it or never will.
   * @returns false when it is larger than the server accepts, and was not sent
   * @throws RangeError when it cannot be encoded
   */
  send(packet: Packet, onTaken?: (taken: boolean) => void): boolean {
    if (this.#phase === 'ending' || this.#phase === 'down') {
      onTaken?.(false);
      return true;
    }
    const bytes = this.#encode(packet);
    // [MQTT-3.2.2-15]
    if (bytes === null) return false;
    this.#keepAlive.sent();
    this.#outbox.append(bytes, onTaken);
    return true;
  }

  /** Says DISCONNECT behind all that was sent, and closes. */
  end(packet: DisconnectPacket): void {
    if (this.#phase !== 'open') {
      this.destroy();
      return;
    }
    this.#phase = 'ending';
    this.#finish(this.#encode(packet));
  }

  /** Closes now; what was not taken over is lost. */
  destroy(): void {
    if (this.#phase === 'down') return;
    this.#phase = 'ending';
    this.#outbox.close();
    this.#stream.destroy();
  }

  /** Ends the connection because of `error`; the server is told what it does not know. */
  fail(error: unknown): void {
    if (this.#phase === 'down' || this.#phase === 'ending') return;
    const { protocolVersion } = this.#connect;
    const failure = asMqttError(error);
    const tells = protocolVersion === 5 && isOurs(failure);
    this.#down(failure, () => {
      this.#finish(
        tells
          ? this.#encode({ type: PacketType.disconnect, reasonCode: failure.reasonCode ?? 0x80 })
          : null,
      );
    });
  }

  #encode(packet: Packet): Uint8Array | null {
    return encodePacket(packet, this.#connect.protocolVersion, this.#serverPacketSize);
  }

  /** Nothing is sent after DISCONNECT [MQTT-3.14.4-1], and the stream gets its time to end. */
  #finish(disconnect: Uint8Array | null): void {
    this.#keepAlive.stop();
    if (disconnect !== null) this.#outbox.append(disconnect);
    this.#endTimer = this.#clock.after(limits.closeTimeoutMs, () => this.#stream.destroy());
    this.#outbox.end();
  }

  #down(error: MqttError | undefined, farewell?: () => void): void {
    this.#phase = 'down';
    this.#keepAlive.stop();
    this.#handlers.onDown(error);
    farewell?.();
    this.#outbox.close();
  }

  #onClose(error: Error | null): void {
    this.#release();
    this.#endTimer?.cancel();
    if (this.#phase === 'ending') this.#down(undefined);
    else if (this.#phase !== 'down') {
      this.#down(
        new MqttError(ErrorCode.connectionLost, 'the connection broke off', {
          cause: error ?? undefined,
        }),
      );
    }
  }

  #onEnd(): void {
    this.#release();
    this.fail(new MqttError(ErrorCode.connectionLost, 'the server closed the connection'));
  }

  #onSilence(): void {
    this.fail(
      new MqttError(ErrorCode.keepAliveTimeout, 'no answer to PINGREQ', {
        reasonCode: ReasonCode.keepAliveTimeout,
      }),
    );
  }

  #isReading(): boolean {
    return !this.#isHeld && (this.#phase === 'open' || this.#phase === 'connecting');
  }

  #onData(chunk: Uint8Array): void {
    if (this.#phase === 'ending' || this.#phase === 'down') return;
    this.#keepAlive.received();
    this.#reader.push(chunk);
    this.#read();
    // the chunk's memory is used again after this call
    if (this.#isHeld) this.#reader.detach();
  }

  /** The one place where what the server sent may go wrong: it costs the connection, no more. */
  #read(): void {
    const reader = this.#reader;
    try {
      while (this.#isReading() && reader.next()) {
        const { bytes, header, bodyStart, end } = reader;
        if (forServers.has(header >> 4)) {
          throw new ProtocolError(ReasonCode.protocolError, 'not a packet for a client');
        }
        this.#onPacket(decodePacket(bytes, header, bodyStart, end, this.#connect.protocolVersion));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #onPacket(packet: Packet): void {
    if (this.#phase === 'connecting') {
      if (packet.type !== PacketType.connack) {
        throw new ProtocolError(ReasonCode.protocolError, 'the first packet is not CONNACK');
      }
      this.#onConnack(packet);
      return;
    }
    if (packet.type === PacketType.pingresp) return;
    if (packet.type === PacketType.disconnect && this.#connect.protocolVersion === 5) {
      throw disconnected(packet);
    }
    this.#handlers.onPacket(packet);
  }

  #onConnack(packet: ConnackPacket): void {
    const { reasonCode, properties } = packet;
    if (reasonCode !== ReasonCode.success) {
      const message = `the server refused the connection: ${reasonName(reasonCode)}`;
      const { reasonString, serverReference } = properties ?? {};
      const init = { reasonCode, reasonString, serverReference };
      throw new MqttError(ErrorCode.connectRefused, message, init);
    }
    // [MQTT-3.2.2-4]
    if (packet.sessionPresent && this.#connect.cleanStart) {
      throw new ProtocolError(ReasonCode.protocolError, 'a session is present after Clean Start');
    }
    // [MQTT-4.12.0-6]
    if (properties?.authenticationMethod !== undefined) {
      throw new ProtocolError(ReasonCode.protocolError, 'no authentication was asked for');
    }
    const server = serverSettings(this.#connect, packet);
    this.#phase = 'open';
    this.#serverPacketSize = server.maximumPacketSize;
    this.#keepAlive.start(server.keepAliveMs);
    this.#isHeld = true;
    this.#handlers.onUp(server);
    this.#clock.defer(() => this.#release());
  }

  #release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#read();
  }
}

/** Failures that the server does not know of yet. */
function isOurs(error: MqttError): boolean {
  return error.code === ErrorCode.protocolError || error.code === ErrorCode.internalError;
}

function asMqttError(error: unknown): MqttError {
  if (error instanceof MqttError) return error;
  if (error instanceof ProtocolError) {
    const { reasonCode, message } = error;
    return new MqttError(ErrorCode.protocolError, `the server broke the protocol: ${message}`, {
      reasonCode,
      cause: error,
    });
  }
  return new MqttError(ErrorCode.internalError, 'the client failed to handle a packet', {
    reasonCode: ReasonCode.implementationSpecificError,
    cause: error,
  });
}

function disconnected({ reasonCode, properties }: DisconnectPacket): MqttError | ProtocolError {
  // [MQTT-3.14.2-2]
  if (
    properties?.sessionExpiryInterval !== undefined ||
    reasonCode === ReasonCode.disconnectWithWillMessage
  ) {
    return new ProtocolError(ReasonCode.protocolError, 'a DISCONNECT that only clients may send');
  }
  const message = `the server disconnected: ${reasonName(reasonCode)}`;
  const { reasonString, serverReference } = properties ?? {};
  const init = { reasonCode, reasonString, serverReference };
  return new MqttError(ErrorCode.serverDisconnected, message, init);
}
