/**
 * The broker's end of a connection, where the model looks: every packet as the broker gets it and
 * as it lets go of it, whatever the network then does. When the process dies, all stops at once.
 */
import { type Packet, ProtocolError } from '@godwit/protocol';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import { PacketLane } from './packet-lane.ts';

/** Hears what passes. Of a connection that is closed nothing more is heard. */
export interface EdgeObserver {
  received(packet: Packet): void;
  /** @param heldMs how long it may have waited in the broker for the network */
  sent(packet: Packet, size: number, heldMs: number): void;
  /** What came, or went, is no MQTT. */
  garbled(isSent: boolean, reason: string): void;
  closed(): void;
}

export class EdgeStream implements ByteStream {
  readonly kind: string = 'memory';
  readonly remoteAddress: string = 'simulated';
  readonly remotePort: number = 0;
  /** Either side has closed it. */
  isClosed = false;
  readonly #stream: ByteStream;
  readonly #observer: EdgeObserver;
  readonly #inbound: PacketLane;
  readonly #outbound: PacketLane;
  readonly #wallMs: () => number;
  #isDead = false;
  /** Time of the last write, and whether it was taken over at once. */
  #writtenMs = 0;
  #isTaken = true;

  constructor(stream: ByteStream, observer: EdgeObserver, wallMs: () => number) {
    this.#wallMs = wallMs;
    this.#stream = stream;
    this.#observer = observer;
    this.#inbound = new PacketLane();
    this.#outbound = new PacketLane();
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes;
  }

  open(handlers: StreamHandlers): void {
    this.#stream.open({
      onData: chunk => {
        if (this.#isDead) return;
        this.#look(this.#inbound, chunk, packet => {
          if ('protocolVersion' in packet) {
            this.#inbound.version = packet.protocolVersion;
            this.#outbound.version = packet.protocolVersion;
          }
          this.#observer.received(packet);
        });
        handlers.onData(chunk);
      },
      onEnd: () => {
        if (this.#isDead) return;
        this.#closed();
        handlers.onEnd();
      },
      onDrain: () => {
        if (!this.#isDead) handlers.onDrain();
      },
      onClose: error => {
        if (this.#isDead) return;
        this.#closed();
        handlers.onClose(error);
      },
    });
  }

  write(bytes: Uint8Array, done?: () => void): void {
    if (this.#isDead) return;
    const nowMs = this.#wallMs();
    const heldMs = this.#isTaken ? 0 : nowMs - this.#writtenMs;
    this.#look(this.#outbound, bytes, (packet, frame) => {
      this.#observer.sent(packet, frame.length, heldMs);
    });
    this.#isTaken = false;
    this.#writtenMs = nowMs;
    this.#stream.write(bytes, () => {
      // What is written at this very moment has waited for that.
      this.#isTaken = this.#wallMs() === nowMs;
      if (!this.#isDead) done?.();
    });
  }

  cork(): void {
    this.#stream.cork();
  }

  uncork(): void {
    this.#stream.uncork();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#isDead) this.#stream.resume();
  }

  end(): void {
    if (this.#isDead) return;
    this.#closed();
    this.#stream.end();
  }

  destroy(): void {
    if (this.#isDead) return;
    this.#closed();
    this.#stream.destroy();
  }

  /** The broker's process is gone: the peer sees a reset, nobody else hears anything. */
  kill(): void {
    this.#isDead = true;
    this.#stream.destroy();
  }

  #look(
    lane: PacketLane,
    chunk: Uint8Array,
    visit: (packet: Packet, frame: Uint8Array) => void,
  ): void {
    if (this.isClosed) return;
    try {
      lane.push(chunk, visit);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#observer.garbled(lane === this.#outbound, error.message);
    }
  }

  #closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#observer.closed();
  }
}
