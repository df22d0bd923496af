/**
 * What a case is handed: clients of the system under test, names that nobody else uses, and time.
 * Keeps the transcript, and removes at the end what the case left in the server.
 */
import type { ConnectPacket, ProtocolVersion, QoS } from '@godwit/protocol';
import type { ByteStream } from '@godwit/transport';
import { type Capabilities, maximumQoSOf } from '../sut/capability.ts';
import type { Sut } from '../sut/sut.ts';
import type { RawWebSocket } from '../target/raw-web-socket.ts';
import type { Target } from '../target/target.ts';
import { RecordedStream } from '../wire/recorded-stream.ts';
import { CaseClient, type ConnectDefaults } from './case-client.ts';
import { NotApplicable } from './not-applicable.ts';
import { Residue } from './residue.ts';
import { ScramClient } from './scram-client.ts';
import { Transcript } from './transcript.ts';

/** Where a case runs. */
export interface CaseEnvironment {
  readonly target: Target;
  readonly sut: Sut;
  readonly capabilities: Capabilities;
  readonly version: ProtocolVersion;
  /** Letters and digits, at most 16; no other case on this server has the same. */
  readonly uniqueName: string;
}

export class CaseContext {
  /** Protocol version that the case runs with. */
  readonly version: ProtocolVersion;
  readonly capabilities: Capabilities;
  /** Each QoS that the server takes, the lowest first. */
  readonly everyQoS: readonly QoS[];
  /** What went over the wire so far. */
  readonly transcript: Transcript;
  readonly #environment: CaseEnvironment;
  readonly #residue: Residue;
  readonly #streams: (ByteStream | RawWebSocket)[];
  #namesGiven: number;

  constructor(environment: CaseEnvironment) {
    this.version = environment.version;
    this.capabilities = environment.capabilities;
    const maximumQoS = maximumQoSOf(environment.capabilities);
    this.everyQoS = ([0, 1, 2] as const).filter(qos => qos <= maximumQoS);
    this.transcript = new Transcript();
    this.#environment = environment;
    this.#residue = new Residue();
    this.#streams = [];
    this.#namesGiven = 0;
  }

  /** A client identifier of this case's own, which every server has to accept. */
  clientId(): string {
    this.#namesGiven += 1;
    return `${this.#environment.uniqueName}x${this.#namesGiven}`;
  }

  /** A topic of this case's own; the same name gives the same topic. */
  topic(name: string): string {
    return `conformance/${this.#environment.uniqueName}/${name}`;
  }

  /** A client on a fresh connection that has sent nothing. */
  async client(): Promise<CaseClient> {
    return await this.#open(true);
  }

  /** A WebSocket on which nothing was sent; not applicable where there is no such transport. */
  async webSocket(subprotocols: readonly string[]): Promise<RawWebSocket> {
    const { target } = this.#environment;
    if (target.openWebSocket === undefined) return this.notApplicable('this is no WebSocket');
    const webSocket = await target.openWebSocket(subprotocols);
    this.#streams.push(webSocket);
    return webSocket;
  }

  /** A client with its CONNACK behind it; for the defaults see {@link CaseClient.sendConnect}. */
  async connect(overrides: Partial<ConnectPacket> = {}): Promise<CaseClient> {
    const client = await this.client();
    await client.connect(overrides);
    return client;
  }

  /**
   * The client's side of the enhanced authentication that the server is known to have; for cases
   * that need it.
   *
   * @param changes credentials that are not the right ones
   */
  scram(changes: { readonly password?: string } = {}): ScramClient {
    const { auth } = this.#environment.sut;
    if (auth === undefined) return this.notApplicable('nothing is known of its authentication');
    return new ScramClient({ ...auth, ...changes }, this.clientId());
  }

  /**
   * Makes sure that nothing has come to `subscriber` by what `publisher` did: a message that
   * `publisher` sends now, and that `subscriber` gets, is the next that it gets.
   */
  async expectNothing(subscriber: CaseClient, publisher: CaseClient): Promise<void> {
    const topic = this.topic(`fence/${this.clientId()}`);
    await subscriber.subscribe(topic, { qos: 0 });
    await publisher.publish(topic, 'fence', { qos: publisher.maximumQoS === 0 ? 0 : 1 });
    await subscriber.receive({ topic });
  }

  /** Lets time pass; only for statements about time. */
  async wait(ms: number): Promise<void> {
    const { target } = this.#environment;
    if (target.advance !== undefined) await target.advance(ms);
    else await new Promise<void>(resolve => void target.clock.after(ms, resolve));
  }

  /** Ends the case: here is nothing to test. */
  notApplicable(reason: string): never {
    throw new NotApplicable(reason);
  }

  /** Called when the case is over, however it went. */
  async close(): Promise<void> {
    for (const stream of this.#streams) stream.destroy();
    const { topics, clientIds } = this.#residue;
    if (topics.length === 0 && clientIds.length === 0) return;
    try {
      await this.#removeRetained(topics);
      for (const clientId of clientIds) await this.#endSession(clientId);
    } catch {
      // A server that fails here has failed the case, or will fail one about just this. What it
      // keeps has names that no other case uses.
    } finally {
      for (const stream of this.#streams) stream.destroy();
    }
  }

  async #removeRetained(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return;
    const cleaner = await this.#open(false);
    await cleaner.connect();
    for (const topic of topics) cleaner.sendPublish(topic, '', { retain: true });
    await cleaner.ping();
    await cleaner.disconnect();
  }

  async #endSession(clientId: string): Promise<void> {
    const cleaner = await this.#open(false);
    await cleaner.connect({ clientId });
    await cleaner.disconnect();
  }

  async #open(isRecorded: boolean): Promise<CaseClient> {
    const { target, version } = this.#environment;
    const options = { clock: target.clock, version, maximumQoS: this.everyQoS.at(-1)! };
    const defaults = this.connectDefaults();
    const opened = await target.open();
    this.#streams.push(opened);
    if (!isRecorded) return new CaseClient(opened, options, defaults);
    const name = `client ${this.#streams.length}`;
    const { transcript } = this;
    const recorded = new RecordedStream(
      opened,
      { version },
      {
        sent: tapped => {
          this.#residue.sent(tapped);
          transcript.sent(name, tapped);
        },
        received: tapped => transcript.received(name, tapped),
        ended: how => transcript.note(name, how),
      },
    );
    return new CaseClient(recorded, options, defaults);
  }

  /** What the next client says in CONNECT: an identifier of its own, and the credentials. */
  connectDefaults(): ConnectDefaults {
    const clientId = this.clientId();
    const { credentials } = this.#environment.sut;
    if (credentials === undefined) return { clientId };
    const { username, password } = credentials;
    if (password === undefined) return { clientId, username };
    return { clientId, username, password: new TextEncoder().encode(password) };
  }
}
