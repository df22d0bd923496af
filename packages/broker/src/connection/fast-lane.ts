/**
 * Forwards a run of adjacent QoS 0 packets as one range of bytes.
 *
 * Invariants: a run is packets of one connection that lie side by side in one buffer, all with the
 * first byte 0x30 (QoS 0, no RETAIN), without Topic Alias, on one route that is up to date, plain
 * (no group, no identifiers, no No Local) and allowed to the client. Each of them would have been
 * forwarded byte for byte as it is to receivers of the same version; the others, and those that
 * take smaller packets only, get them one by one. A run ends before anything else of its
 * connection is handled and before its buffer is used again.
 */
import { FrameReader, PublishView } from '@godwit/protocol';
import type { LoadMonitor } from '../load/load-monitor.ts';
import type { Metrics } from '../metrics.ts';
import { Message } from '../routing/message.ts';
import type { Route } from '../routing/route.ts';
import type { Connection } from './connection.ts';
import { SharedBlock } from './shared-block.ts';
import { largeSlabBytes } from './slab-pool.ts';

/** A run of at least this size to this many receivers is copied once and shared by all. */
const sharedRunBytes = 2048;
const sharedReceivers = 4;

export class FastLane {
  readonly #metrics: Metrics;
  readonly #load: LoadMonitor;
  /** The run; null when there is none. */
  #connection: Connection | null;
  #route: Route | null;
  #bytes: Uint8Array;
  #start: number;
  #end: number;
  #count: number;
  #largest: number;
  /** For receivers that need each packet rewritten. */
  readonly #reader: FrameReader;
  readonly #view: PublishView;
  readonly #message: Message;

  constructor(metrics: Metrics, load: LoadMonitor) {
    this.#metrics = metrics;
    this.#load = load;
    this.#connection = null;
    this.#route = null;
    this.#bytes = new Uint8Array(0);
    this.#start = 0;
    this.#end = 0;
    this.#count = 0;
    this.#largest = 0;
    this.#reader = new FrameReader(largeSlabBytes);
    this.#view = new PublishView();
    this.#message = new Message(true);
  }

  /** Adds the packet on which the connection's reader stands, which must fit the invariants. */
  add(connection: Connection, route: Route): void {
    const { reader } = connection;
    const { start, end } = reader;
    if (
      this.#route === route &&
      this.#connection === connection &&
      this.#bytes === reader.bytes &&
      this.#end === start
    ) {
      this.#end = end;
      this.#count += 1;
      if (end - start > this.#largest) this.#largest = end - start;
      return;
    }
    this.flush();
    this.#connection = connection;
    this.#route = route;
    this.#bytes = reader.bytes;
    this.#start = start;
    this.#end = end;
    this.#count = 1;
    this.#largest = end - start;
  }

  /** Forwards the run, if there is one. */
  flush(): void {
    const connection = this.#connection;
    if (connection === null) return;
    const metrics = this.#metrics;
    const { subscriptions } = this.#route!;
    metrics.messagesReceived += this.#count;
    if (this.#load.isOverloaded) {
      metrics.messagesDroppedOverload += this.#count;
      this.#connection = null;
      this.#route = null;
      return;
    }
    if (subscriptions.length === 0) metrics.messagesUnrouted += this.#count;
    const isShared =
      subscriptions.length >= sharedReceivers && this.#end - this.#start >= sharedRunBytes;
    const block = isShared ? new SharedBlock(new Uint8Array(this.#run())) : null;
    let others = 0;
    for (let i = 0; i < subscriptions.length; i += 1) {
      const receiver = subscriptions[i].session.connection;
      if (receiver === null) continue;
      if (!this.#takesRun(receiver, connection)) others += 1;
      else if (receiver.outbox.isFull) metrics.messagesDroppedSlowClient += this.#count;
      else {
        if (block === null) receiver.outbox.append(this.#bytes, this.#start, this.#end);
        else receiver.outbox.appendShared(block);
        metrics.messagesSent += this.#count;
      }
    }
    if (others > 0) this.#rewrite(connection, this.#route!);
    this.#connection = null;
    this.#route = null;
  }

  #run(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Whether `receiver` gets the run as it is. */
  #takesRun(receiver: Connection, from: Connection): boolean {
    return (
      receiver.withProperties === from.withProperties &&
      receiver.outboundAliases === null &&
      receiver.session?.receives === null &&
      this.#largest <= receiver.peerPacketBytesMax
    );
  }

  /** Packet by packet, for all who do not get the run as it is: each is encoded once for all. */
  #rewrite(from: Connection, route: Route): void {
    const reader = this.#reader;
    const view = this.#view;
    const message = this.#message;
    const { clientId } = from.client;
    reader.maximumPacketSize = this.#largest;
    reader.push(this.#run());
    while (reader.next()) {
      view.read(reader.bytes, reader.header, reader.bodyStart, reader.end, from.version);
      message.setView(view, route.topic, clientId, reader.start, from.withProperties);
      for (const { session } of route.subscriptions) {
        const receiver = session.connection;
        if (receiver === null || this.#takesRun(receiver, from)) continue;
        session.offerAs(message, 0, false, null);
      }
    }
  }
}
