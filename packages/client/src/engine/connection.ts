/**
 * The life of one stream: CONNECT and its answer, packets in and out, keep alive, the end. Knows
 * nothing of messages and subscriptions; what outlives the stream is the session's.
 */
import {
  type ClientPacket,
  type ConnackPacket,
  type ConnectPacket,
  type DisconnectPacket,
  decodeServerPacket,
  encodeClientPacket,
  FrameReader,
  PacketType,
  ProtocolError,
  ReasonCode,
  type ServerPacket,
} from '@godwit/protocol';
import type { Clock, Timer } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import type { Settle } from '../call.ts';
import { ErrorCode, MqttError, reasonName } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Authentication } from './authentication.ts';
import { KeepAlive } from './keep-alive.ts';
import { Outbox, type WhenStored } from './outbox.ts';
import { type ServerSettings, serverSettings } from './server-settings.ts';

export interface ConnectionHandlers {
  /** The server accepted. */
  onUp(server: ServerSettings): void;
  /** Any packet but those of the connection itself. May throw ProtocolError. */
  onPacket(packet: ServerPacket): void;
  /** It is over, once; undefined when `end` did it. */
  onDown(error: MqttError | undefined): void;
}

/** 'verifying': the server has accepted us, and we have yet to accept it. */
type Phase = 'connecting' | 'verifying' | 'open' | 'ending' | 'down';

export class Connection {
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #connect: ConnectPacket;
  readonly #handlers: ConnectionHandlers;
  readonly #authentication: Authentication | null;
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
   * @param authentication whose beginning is in `connect`; null where it has none
   * @throws RangeError when that cannot be encoded
   */
  constructor(
    stream: ByteStream,
    clock: Clock,
    connect: ConnectPacket,
    maximumPacketSize: number,
    handlers: ConnectionHandlers,
    authentication: Authentication | null = null,
    whenStored: WhenStored | null = null,
  ) {
    this.#stream = stream;
    this.#clock = clock;
    this.#connect = connect;
    this.#handlers = handlers;
    this.#authentication = authentication;
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
    authentication?.open({
      send: packet => this.send(packet),
      fail: error => this.fail(error),
    });
  }

  /**
   * Sends a packet with what else is sent in this tick; `onTaken` is called once, when the
   * transport has it or never will.
   * @returns false when it is larger than the server accepts, and was not sent
   * @throws RangeError when it cannot be encoded
   */
  send(packet: ClientPacket, onTaken?: (taken: boolean) => void): boolean {
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

  /**
   * Has the client prove again who it is; `waiter` hears how that ended. Should it fail, so does
   * the connection.
   * @throws TypeError where CONNECT had no authentication method [MQTT-4.12.0-7]
   */
  reauthenticate(waiter: Settle<void>): void {
    if (this.#authentication === null) throw new TypeError('the client has no option auth');
    this.#authentication.again(waiter);
  }

  /** Asks for a sign of life. */
  probe(): void {
    this.#keepAlive.probe();
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

  #encode(packet: ClientPacket): Uint8Array | null {
    return encodeClientPacket(packet, this.#connect.protocolVersion, this.#serverPacketSize);
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
    this.#authentication?.down(error ?? new MqttError(ErrorCode.closed, 'the client was closed'));
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
    if (!this.#isReading()) this.#reader.detach();
  }

  /** The one place where what the server sent may go wrong: it costs the connection, no more. */
  #read(): void {
    const reader = this.#reader;
    try {
      while (this.#isReading() && reader.next()) {
        const { bytes, header, bodyStart, end } = reader;
        const { protocolVersion } = this.#connect;
        this.#onPacket(decodeServerPacket(bytes, header, bodyStart, end, protocolVersion));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  #onPacket(packet: ServerPacket): void {
    if (packet.type === PacketType.auth && this.#authentication !== null) {
      this.#authentication.onAuth(packet, this.#phase === 'open');
      return;
    }
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
    if (this.#authentication !== null) {
      this.#authentication.onConnack(properties, () => this.#acceptLater(packet));
      this.#phase = 'verifying';
      this.#stream.pause();
      return;
    }
    // [MQTT-4.12.0-6]
    if (properties?.authenticationMethod !== undefined) {
      throw new ProtocolError(ReasonCode.protocolError, 'no authentication was asked for');
    }
    this.#accept(packet);
  }

  #acceptLater(packet: ConnackPacket): void {
    this.#stream.resume();
    try {
      this.#accept(packet);
    } catch (error) {
      this.fail(error);
    }
  }

  #accept(packet: ConnackPacket): void {
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

const oursToTell: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.protocolError,
  ErrorCode.internalError,
  // [MQTT-4.12.1-2]
  ErrorCode.authenticationFailed,
]);

/** Failures that the server does not know of yet. */
function isOurs(error: MqttError): boolean {
  return oursToTell.has(error.code);
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
