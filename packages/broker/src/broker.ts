/**
 * The broker as its owner sees it: takes byte streams, speaks MQTT on them, and lets the owner
 * publish. Opens no socket, file or timer of its own: all of that is handed in.
 */
import { isValidTopicName, PacketType, ReasonCode } from '@godwit/protocol';
import { systemClock, systemRandom } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import { Admission } from './admission/admission.ts';
import type { Ban, BanKind, BanRequest } from './admission/bans.ts';
import { Entrance, type EntranceOptions } from './admission/entrance.ts';
import { liesIn, parseNetwork } from './admission/ip-network.ts';
import type {
  AcceptOptions,
  BrokerOptions,
  CloseOptions,
  DisconnectOptions,
  PublishOptions,
} from './broker-options.ts';
import { Connection, type ConnectionHandlers, Phase } from './connection/connection.ts';
import { Flusher } from './connection/flusher.ts';
import { type PublishRatePolicy, publishRatePolicies } from './connection/inbound-rate.ts';
import { OutboundBudget } from './connection/outbound-budget.ts';
import { SlabPool } from './connection/slab-pool.ts';
import type { Context } from './context.ts';
import { type AckLevel, ackRules, checkAckLevel } from './durable/ack-level.ts';
import { Durability } from './durable/durability.ts';
import { type Features, resolveFeatures } from './features.ts';
import { checkedRefusal } from './handlers/answers.ts';
import { packetHandlers } from './handlers/packet-handlers.ts';
import { keepsAll } from './handlers/reauthorize.ts';
import { type BrokerPhase, Inspector } from './inspect/inspector.ts';
import { fixedLimits, type Limits, resolveLimits } from './limits.ts';
import { type Load, LoadMonitor } from './load/load-monitor.ts';
import { Metrics } from './metrics.ts';
import { distribute } from './routing/distribute.ts';
import { encodeMessage, type MessageInit } from './routing/encode-message.ts';
import { Retained } from './routing/retained.ts';
import { Router } from './routing/router.ts';
import { sharedStrategy } from './routing/shared-strategy.ts';
import { QueueTotal } from './session/delivery.ts';
import { type QueueFullPolicy, queueFullPolicies } from './session/queue-full-policy.ts';
import type { Session } from './session/session.ts';
import { SessionTable } from './session/session-table.ts';
import type { PendingWill } from './session/will.ts';
import { TimerWheel } from './timer-wheel.ts';
import { Tracer } from './trace/tracer.ts';

/** Memory kept for output blocks that are not in use, in bytes. */
const slabPoolBytesMax = 32 * 1024 * 1024;
/** Connections that `reauthorize` sees to before it lets other work go first. */
const reauthorizedAtOnce = 256;

/**
 * An MQTT broker on whatever streams it is given.
 *
 * @example
 * const broker = new Broker();
 * const listener = await listenTcp({ port: 1883 }, stream => broker.accept(stream));
 */
export class Broker {
  readonly metrics: Metrics;
  readonly limits: Readonly<Limits>;
  readonly features: Readonly<Features>;
  /** What is going on inside. */
  readonly inspector: Inspector;
  /** Shows what goes over connections. */
  readonly tracer: Tracer;
  readonly #context: Context;
  readonly #handlers: ConnectionHandlers;
  readonly #connections: Set<Connection>;
  /** Of connections that come by none of their own, by what acknowledgements promise. */
  readonly #entrances: Map<AckLevel, Entrance>;
  readonly #ack: AckLevel;
  /** Set by the first {@link close}. */
  #closing: Promise<void> | null;
  #onEmpty: (() => void) | null;
  /** What the engine holds is there. */
  #isReady: boolean;

  /** @throws RangeError for an option that is unknown or out of its range */
  constructor(options: BrokerOptions = {}) {
    const { clock = systemClock, random = systemRandom, hooks = {} } = options;
    const limits = resolveLimits(options.limits ?? {});
    const newStrategy = sharedStrategy(
      options.sharedStrategy ?? 'round-robin',
      limits.sharedPublishersMax,
    );
    const { queueFullPolicy = 'drop-newest', publishRatePolicy = 'delay', engine } = options;
    checkPolicies(queueFullPolicy, publishRatePolicy);
    this.#ack = checkAckLevel(options.ack ?? 'disk');
    const metrics = new Metrics();
    this.metrics = metrics;
    this.limits = limits;
    const load = new LoadMonitor(limits, metrics, options.memoryBytes ?? heldMemory, now =>
      hooks.onLoad?.(now),
    );
    this.features = resolveFeatures(options.features ?? {});
    const context: { -readonly [key in keyof Context]: Context[key] } = {
      clock,
      random,
      limits,
      features: this.features,
      checkPayloadFormat: options.checkPayloadFormat ?? false,
      hooks,
      metrics,
      wheel: new TimerWheel(clock, lateMs => load.look(lateMs)),
      flusher: new Flusher(clock),
      slabs: new SlabPool(slabPoolBytesMax),
      router: new Router(
        limits.routeCacheEntries,
        random.uint32(),
        metrics,
        newStrategy,
        ackRules(options.ackRules ?? []),
      ),
      retained: new Retained(limits, metrics, random.uint32()),
      sessions: new SessionTable(),
      admission: new Admission({ clock, limits, metrics, load }),
      load,
      outbound: new OutboundBudget(
        limits.outboundBytesMax,
        limits.totalOutboundBytesMax,
        () => metrics.connectionsOpen,
      ),
      queued: new QueueTotal(metrics, limits.totalQueueMessagesMax, limits.totalQueueBytesMax),
      queueFullPolicy,
      publishRatePolicy,
      durability: null,
    };
    this.#context = context;
    if (engine !== undefined) {
      context.durability = new Durability(engine, context, session => this.#unrecorded(session));
      engine.onHealth((health, error) => {
        if (health === 'failed') this.#fail(error!, options.onFailure);
      });
    }
    const handlers = packetHandlers(this.#context, will => this.#publishWill(will));
    this.#handlers = { ...handlers, onClosed: connection => this.#onClosed(connection) };
    this.#connections = new Set();
    this.#entrances = new Map();
    this.tracer = new Tracer(this.#connections);
    this.inspector = this.#inspect();
    this.#closing = null;
    this.#onEmpty = null;
    this.#isReady = engine === undefined;
    this.#context.wheel.start();
  }

  /**
   * Takes over what the engine holds; before that nobody is let in. Not needed without an engine.
   * Rejects with `EngineError`.
   */
  async start(): Promise<void> {
    await this.#context.durability?.start(will => this.#publishWill(will));
    this.#isReady = true;
  }

  /** Serves a client on `stream`, which must be fresh: nothing read, no handlers set. */
  accept(stream: ByteStream, { ack = this.#ack }: AcceptOptions = {}): void {
    let entrance = this.#entrances.get(ack);
    if (entrance === undefined) {
      entrance = this.#newEntrance({ ack });
      this.#entrances.set(ack, entrance);
    }
    this.#accept(stream, entrance);
  }

  /**
   * A way in of its own, with bounds of its own: make one for each listener.
   * @returns what serves a client, as {@link accept} does
   * @throws RangeError for a bound that is no whole number above 0
   */
  entrance(options: EntranceOptions): (stream: ByteStream) => void {
    const entrance = this.#newEntrance(options);
    return stream => this.#accept(stream, entrance);
  }

  #newEntrance(options: EntranceOptions): Entrance {
    const { clock, limits } = this.#context;
    return new Entrance(options, this.#ack, limits.rateBurstMs, clock);
  }

  #accept(stream: ByteStream, entrance: Entrance): void {
    const { metrics } = this;
    const isOpen = this.#isReady && this.#closing === null;
    if (!isOpen || this.#connections.size >= this.limits.connectionsMax) {
      metrics.connectionsRefused += 1;
      stream.destroy();
      return;
    }
    const ticket = this.#context.admission.arrive(stream.remoteAddress, entrance);
    if (ticket === null) {
      stream.destroy();
      return;
    }
    metrics.connectionsAccepted += 1;
    metrics.connectionsOpen += 1;
    const connection = new Connection(this.#context, stream, this.#handlers, ticket);
    this.#connections.add(connection);
    this.tracer.accepted(connection);
    connection.start();
  }

  /**
   * Publishes a message of the broker's owner.
   *
   * @returns false when no session wants it, or a bound forbids to retain or to store it
   * @throws RangeError for a topic that is no topic name, a field out of its range, or `retain`
   *   where that feature is off
   */
  publish(topic: string, payload: Uint8Array | string, options: PublishOptions = {}): boolean {
    if (!isValidTopicName(topic)) {
      throw new RangeError('topic: expected 1 to 65,535 bytes without U+0000, + and #');
    }
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    const { qos = 0, retain = false, properties } = options;
    if (retain && !this.#context.features.retain) {
      throw new RangeError('retain: expected false, since features.retain is off');
    }
    return this.#publish({ topic, payload: bytes, qos, retain, properties }, '');
  }

  /**
   * Changes bounds of the running broker, for what happens from now on; what is above a new bound
   * already stays. Some hold for a connection as they were when it began.
   *
   * @throws RangeError for a name that is unknown or among `fixedLimits`, or a value out of its range
   */
  setLimits(limits: Partial<Limits>): void {
    const changed = resolveLimits({ ...this.limits, ...limits });
    const fixed = fixedLimits.find(name => changed[name] !== this.limits[name]);
    if (fixed !== undefined) throw new RangeError(`limits.${fixed}: holds until the broker ends`);
    Object.assign(this.limits, changed);
  }

  /**
   * Ends the connection of a client, as its session's will and expiry say.
   *
   * @returns false when no client of this identifier is connected
   * @throws TypeError for a reason code that DISCONNECT cannot carry, or a Server Reference
   *   beside any but 0x9C and 0x9D
   */
  disconnect(clientId: string, options: DisconnectOptions = {}): boolean {
    const { reasonCode = ReasonCode.administrativeAction } = options;
    const refusal = checkedRefusal({ ...options, reasonCode }, PacketType.disconnect);
    const connection = this.#context.sessions.get(clientId)?.connection;
    if (!connection) return false;
    connection.disconnect(reasonCode, refusal);
    return true;
  }

  /** How busy the broker is: what its limits `loopDelayMaxMs` and `memoryBytesMax` bound. */
  get load(): Load {
    return this.#context.load.load;
  }

  /**
   * Bans a client identifier, a user name, an address or a network, and ends the connections of
   * those it is for (0x98). They are refused with 0x8A from then on, before anybody is asked who they
   * are (`connectsRefusedBanned`). Bans are kept in memory.
   *
   * @returns how many connections it ended
   * @throws RangeError for a field out of its range, and at `limits.bansMax`
   * @example
   * broker.ban({ kind: 'address', value: '198.51.100.0/24', seconds: 3600, reason: 'scanners' });
   */
  ban(request: BanRequest): number {
    this.#context.admission.bans.add(request);
    const { kind, value } = request;
    const network = kind === 'address' ? parseNetwork(value) : null;
    let ended = 0;
    for (const connection of this.#connections) {
      const { client } = connection;
      const isMeant =
        network !== null
          ? liesIn(client.remoteAddress, network)
          : client[kind as 'clientId' | 'username'] === value;
      if (!isMeant) continue;
      connection.disconnect(ReasonCode.administrativeAction);
      ended += 1;
    }
    return ended;
  }

  /** @returns false when there is no such ban */
  unban(kind: BanKind, value: string): boolean {
    return this.#context.admission.bans.remove(kind, value);
  }

  /** The bans that are in force, the oldest first. */
  get bans(): readonly Ban[] {
    return this.#context.admission.bans.list();
  }

  /**
   * Asks the hooks again about all who are connected, because what they answer has changed. A
   * client that is not welcome any more, or has lost a subscription or its will, is told so by the
   * end of its connection (0x87); what it may publish is asked anew. Sessions of clients that are
   * away are seen to when these come back.
   *
   * @returns how many connections it ended, once all answers are there
   */
  async reauthorize(): Promise<number> {
    const { clock } = this.#context;
    let ended = 0;
    let seen = 0;
    for (const connection of this.#connections) {
      seen += 1;
      // Others get their turn in between.
      if (seen % reauthorizedAtOnce === 0) await new Promise<void>(next => clock.defer(next));
      if (connection.phase !== Phase.open) continue;
      if (await keepsAll(connection)) continue;
      connection.disconnect(ReasonCode.notAuthorized);
      ended += 1;
    }
    return ended;
  }

  /**
   * Ends a session for good, after the connection (0x98) if there is one: its subscriptions and
   * what waits for the client are gone, its will is published if that was still to come.
   *
   * @returns false when there is no session of this client identifier
   */
  endSession(clientId: string): boolean {
    const { sessions } = this.#context;
    if (sessions.get(clientId) === undefined) return false;
    this.disconnect(clientId);
    // The connection may have been all that held it.
    const session = sessions.get(clientId);
    if (session !== undefined) sessions.end(session);
    return true;
  }

  /**
   * Tells every client goodbye (0x8B) and stops, the engine too. Resolves when all connections are
   * gone, at the latest after `limits.closeGraceMs`, and everything is stored. Listeners are their
   * owner's to close, before this.
   */
  close({ serverReference }: CloseOptions = {}): Promise<void> {
    // Not before this is set: a hook that hears of a disconnection may call it, too.
    this.#closing ??= Promise.resolve().then(() => this.#close(serverReference));
    return this.#closing;
  }

  #inspect(): Inspector {
    const context = this.#context;
    return new Inspector({
      context,
      connections: this.#connections,
      phase: () => this.#phase(),
      storage: () => context.durability?.health,
    });
  }

  #phase(): BrokerPhase {
    if (this.#closing !== null) return 'closing';
    return this.#isReady ? 'running' : 'starting';
  }

  async #close(serverReference: string | undefined): Promise<void> {
    // A Server Reference stands with 0x9C and 0x9D only.
    const { serverShuttingDown, useAnotherServer } = ReasonCode;
    const reasonCode = serverReference === undefined ? serverShuttingDown : useAnotherServer;
    for (const connection of this.#connections) {
      connection.disconnect(reasonCode, { serverReference });
    }
    if (this.#connections.size > 0) {
      const { clock, limits } = this.#context;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEmpty = resolve;
      const timer = clock.after(limits.closeGraceMs, resolve);
      await promise;
      timer.cancel();
      for (const connection of this.#connections) connection.terminate();
    }
    this.#context.wheel.stop();
    await this.#context.durability?.engine.stop(this.limits.closeGraceMs);
  }

  /** There is no room to remember the session, so it must not be promised to its client. */
  #unrecorded(session: Session): void {
    this.#context.metrics.sessionsRefused += 1;
    session.connection?.disconnect(ReasonCode.quotaExceeded);
    if (this.#context.sessions.get(session.clientId) === session) {
      this.#context.sessions.end(session);
    }
  }

  /** What was not acknowledged never will be; whoever is still here has to go elsewhere. */
  #fail(error: Error, onFailure: ((error: Error) => void) | undefined): void {
    this.#closing ??= Promise.resolve();
    for (const connection of this.#connections) connection.terminate();
    this.#context.wheel.stop();
    onFailure?.(error);
  }

  #publish(init: MessageInit, publisher: string): boolean {
    const { router, clock, hooks } = this.#context;
    const message = encodeMessage(init, publisher);
    message.startExpiry(clock.wallMs());
    hooks.onPublish?.(null, init);
    const route = router.route(message.bytes, message.topicStart, message.topicEnd);
    const { reasonCode } = distribute(this.#context, message, route, null, 0);
    return reasonCode === ReasonCode.success;
  }

  #publishWill({ will, client }: PendingWill): void {
    this.metrics.willsPublished += 1;
    const { willDelayInterval: _, ...properties } = will.properties ?? {};
    try {
      this.#publish({ ...will, properties }, client.clientId);
    } catch (error) {
      // A hook failed; whatever it was that ended this client's connection goes on.
      const { hooks } = this.#context;
      hooks.onProtocolError?.(client, ReasonCode.implementationSpecificError, String(error));
    }
  }

  #onClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#context.admission.leave(connection.ticket);
    this.metrics.connectionsOpen -= 1;
    if (this.#connections.size === 0) this.#onEmpty?.();
  }
}

/** What a collection may free is in it: the system's own number would never come down again. */
function heldMemory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function checkPolicies(
  queueFullPolicy: QueueFullPolicy,
  publishRatePolicy: PublishRatePolicy,
): void {
  if (!queueFullPolicies.includes(queueFullPolicy)) {
    throw new RangeError(`queueFullPolicy: expected one of ${queueFullPolicies.join(', ')}`);
  }
  if (!publishRatePolicies.includes(publishRatePolicy)) {
    throw new RangeError(`publishRatePolicy: expected one of ${publishRatePolicies.join(', ')}`);
  }
}
