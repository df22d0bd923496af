// node.d.ts
import { type TlsClientOptions } from '@godwit/transport/node';
import type { Client } from './client.ts';
import { type ServerUrls } from './connect.ts';
import type { CallOptions, ClientOptions } from './options.ts';
export type { TlsClientOptions } from '@godwit/transport/node';
export { fileStore } from './file-store/file-store.ts';
export interface NodeClientOptions extends ClientOptions {
    tls?: TlsClientOptions;
    headers?: Readonly<Record<string, string>>;
    proxy?: string | URL;
}
export declare function connect(urls: ServerUrls, options?: NodeClientOptions & CallOptions): Promise<Client>;
export declare function createClient(urls: ServerUrls, options?: NodeClientOptions): Client;

// client.d.ts
import type { QoS } from '@godwit/protocol';
import type { PublishResult } from './engine/publication.ts';
import type { ServerSettings } from './engine/server-settings.ts';
import type { MqttError, PublishError } from './errors.ts';
import type { Message } from './message.ts';
import type { CallOptions, CloseOptions, PublishCallOptions, PublishInit, SubscribeInit } from './options.ts';
import type { Responder, RespondFunction, RespondInit } from './request/responder.ts';
import type { Subscription } from './subscription.ts';
export interface ClientStats {
    readonly queued: number;
    readonly queuedBytes: number;
    readonly inFlight: number;
    readonly unackedInbound: number;
    readonly droppedQoS0: number;
    readonly droppedUnread: number;
    readonly undelivered: number;
    readonly lateResponses: number;
    readonly reconnects: number;
}
export interface LostSubscription {
    readonly subscription: Subscription;
    readonly filter: string;
    readonly error: MqttError;
}
export interface Undelivered {
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly qos: QoS;
    readonly error: PublishError;
}
export interface ClientEvents {
    up: ServerSettings;
    down: MqttError | undefined;
    subscriptionlost: LostSubscription;
    unhandled: Message;
    undelivered: Undelivered;
}
export interface Client extends AsyncDisposable {
    readonly protocolVersion: 5 | 4 | 3;
    readonly state: 'connecting' | 'connected' | 'waiting' | 'closed';
    readonly server: ServerSettings | undefined;
    readonly stats: ClientStats;
    readonly closed: Promise<MqttError | undefined>;
    ready(options?: CallOptions): Promise<void>;
    publish(topic: string, payload: Uint8Array | string, options?: PublishInit & PublishCallOptions): Promise<PublishResult>;
    subscribe(filter: string | readonly string[], options?: SubscribeInit & CallOptions): Promise<Subscription>;
    request(topic: string, payload: Uint8Array | string, options?: PublishInit & CallOptions): Promise<Message>;
    respond(filter: string | readonly string[], answer: RespondFunction, options?: RespondInit & CallOptions): Promise<Responder>;
    unsubscribe(filter: string | readonly string[], options?: CallOptions): Promise<ReadonlyMap<string, number>>;
    reauthenticate(options?: CallOptions): Promise<void>;
    on<E extends keyof ClientEvents>(type: E, listener: (event: ClientEvents[E]) => void, options?: {
        signal?: AbortSignal;
        once?: boolean;
    }): () => void;
    close(options?: CloseOptions): Promise<void>;
}

// engine/publication.d.ts
import type { AcknowledgementPacket, PublishPacket, UserProperty } from '@godwit/protocol';
export interface PublishResult {
    readonly reasonCode: number;
    readonly reasonString?: string;
    readonly userProperties?: readonly UserProperty[];
}
export type Until = 'sent' | 'stored' | 'acked';
export interface Publication {
    readonly packet: PublishPacket;
    readonly expiresAt: number;
    state: 'new' | 'waiting' | 'queued' | 'sent' | 'settled';
    wasSent: boolean;
    isAbandoned: boolean;
    readonly until: Until;
    isAnswered: boolean;
    sequence: number;
    received: AcknowledgementPacket | undefined;
    resolve(result: PublishResult): void;
    reject(error: unknown): void;
}
export declare function sizeOf({ packet }: Publication): number;

// engine/server-settings.d.ts
import type { ConnackPacket, ConnectPacket, QoS, SubscribePacket } from '@godwit/protocol';
import { MqttError } from '../errors.ts';
export declare const receiveMaximumDefault = 65535;
export interface ServerSettings {
    readonly sessionPresent: boolean;
    readonly clientId: string;
    readonly keepAliveMs: number;
    readonly sessionExpiryMs: number;
    readonly receiveMaximum: number;
    readonly maximumPacketSize: number;
    readonly maximumQoS: QoS;
    readonly topicAliasMaximum: number;
    readonly retainAvailable: boolean;
    readonly wildcardSubscriptionAvailable: boolean;
    readonly subscriptionIdentifierAvailable: boolean;
    readonly sharedSubscriptionAvailable: boolean;
    readonly connack: Readonly<ConnackPacket>;
}
export declare function serverSettings(connect: ConnectPacket, connack: ConnackPacket): ServerSettings;
export declare function publishObstacle(server: ServerSettings, message: {
    qos: number;
    retain: boolean;
}): MqttError | undefined;
export declare function subscribeObstacle(server: ServerSettings, packet: SubscribePacket): MqttError | undefined;

// errors.d.ts
export declare const ErrorCode: {
    readonly connectFailed: 'connect-failed';
    readonly connectRefused: 'connect-refused';
    readonly connectionLost: 'connection-lost';
    readonly serverDisconnected: 'server-disconnected';
    readonly keepAliveTimeout: 'keep-alive-timeout';
    readonly protocolError: 'protocol-error';
    readonly authenticationFailed: 'authentication-failed';
    readonly internalError: 'internal-error';
    readonly closed: 'closed';
    readonly aborted: 'aborted';
    readonly timeout: 'timeout';
    readonly notSupported: 'not-supported';
    readonly packetTooLarge: 'packet-too-large';
    readonly queueFull: 'queue-full';
    readonly offline: 'offline';
    readonly dropped: 'dropped';
    readonly storeFailed: 'store-failed';
    readonly expired: 'expired';
    readonly publishRefused: 'publish-refused';
    readonly noResponder: 'no-responder';
    readonly requestFailed: 'request-failed';
    readonly subscribeRefused: 'subscribe-refused';
};
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
export interface MqttErrorInit {
    reasonCode?: number;
    reasonString?: string;
    serverReference?: string;
    cause?: unknown;
}
export declare function reasonName(reasonCode: number): string;
export declare class MqttError extends Error {
    readonly code: ErrorCode;
    readonly reasonCode: number | undefined;
    readonly reasonString: string | undefined;
    readonly serverReference: string | undefined;
    constructor(code: ErrorCode, message: string, init?: MqttErrorInit);
    get retryable(): boolean;
}
export type Delivered = 'no' | 'maybe';
export declare class PublishError extends MqttError {
    readonly delivered: Delivered;
    constructor(code: ErrorCode, message: string, delivered: Delivered, init?: MqttErrorInit);
    static from(error: MqttError, delivered: Delivered): PublishError;
}
export declare class SubscribeError extends MqttError {
    readonly refused: ReadonlyMap<string, number>;
    constructor(refused: ReadonlyMap<string, number>, reasonString?: string);
}

// message.d.ts
import { type PublishPacket, type QoS } from '@godwit/protocol';
import type { Receipt } from './engine/receipts.ts';
import type { PublishInit, UserProperties } from './options.ts';
export declare class Message implements Readonly<PublishInit> {
    #private;
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly qos: QoS;
    readonly retain: boolean;
    readonly dup: boolean;
    readonly payloadFormatIndicator: 0 | 1 | undefined;
    readonly expiryMs: number | undefined;
    readonly contentType: string | undefined;
    readonly responseTopic: string | undefined;
    readonly correlationData: Uint8Array | undefined;
    readonly userProperties: UserProperties;
    readonly subscriptionIds: readonly number[];
    constructor(packet: PublishPacket, receipt: Receipt | null);
    get answered(): boolean;
    text(): string;
    json<T = unknown>(): T;
    ack(): void;
    nack(reasonCode: number): void;
}

// engine/receipts.d.ts
export declare class Receipt {
    #private;
    readonly packetId: number;
    reasonCode: number;
    constructor(packetId: number, owner: {
        release(): void;
    });
    get isAnswered(): boolean;
    share(): this;
    answer(reasonCode: number): void;
}
export declare class Receipts {
    #private;
    constructor(send: (receipt: Receipt) => void);
    get size(): number;
    open(packetId: number): Receipt;
    isCarried(packetId: number): boolean;
    resume(packetId: number): void;
    forget(packetId: number): void;
    release(): void;
    detach(): void;
    clear(): void;
}

// options.d.ts
import type { QoS, UserProperty } from '@godwit/protocol';
import type { Clock, Random } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import type { SessionStore } from './engine/journal.ts';
import type { Until } from './engine/publication.ts';
import type { EnhancedAuth } from './enhanced-auth.ts';
import type { MqttError } from './errors.ts';
import type { Middleware } from './middleware/middleware.ts';
export type Awaitable<T> = T | Promise<T>;
export type UserProperties = readonly UserProperty[];
export interface CallOptions {
    signal?: AbortSignal;
    timeoutMs?: number;
}
export type Transport = (url: URL, options: {
    signal: AbortSignal;
}) => Promise<ByteStream>;
export interface Credentials {
    username?: string;
    password?: string | Uint8Array;
}
export interface Attempt {
    readonly number: number;
    readonly url: URL;
}
export interface ReconnectOptions {
    minMs?: number;
    maxMs?: number;
    jitter?: 'full' | 'decorrelated' | 'none';
    resetAfterMs?: number;
    retry?(error: MqttError, attempt: Attempt): boolean | number;
    followServerReference?: boolean;
}
export interface SessionOptions {
    cleanStart?: boolean | 'first';
    expiryMs?: number | 'never';
    store?: SessionStore;
}
export interface PublishInit {
    qos?: QoS;
    retain?: boolean;
    payloadFormatIndicator?: 0 | 1;
    expiryMs?: number;
    contentType?: string;
    responseTopic?: string;
    correlationData?: Uint8Array;
    userProperties?: UserProperties;
}
export interface PublishCallOptions extends CallOptions {
    until?: Until;
}
export interface WillOptions extends PublishInit {
    topic: string;
    payload: Uint8Array | string;
    delayMs?: number;
}
export interface QueueOptions {
    messagesMax?: number;
    bytesMax?: number;
    whenFull?: 'wait' | 'reject' | 'drop-oldest';
    qos0Offline?: 'reject' | 'drop' | 'queue';
}
export interface TopicAliasOptions {
    outbound?: 'auto' | 'off';
    inboundMaximum?: number;
}
export interface RequestOptions {
    responseTopic?: string;
    responseInformation?: boolean;
    outstandingMax?: number;
    timeoutMs?: number;
}
export interface ClientOptions {
    clientId?: string;
    protocolVersion?: 5 | 4 | 3;
    transport?: Transport;
    credentials?: Credentials | ((attempt: Attempt) => Awaitable<Credentials>);
    auth?: EnhancedAuth;
    session?: SessionOptions;
    will?: WillOptions;
    keepAliveMs?: number;
    reconnect?: false | ReconnectOptions;
    connectTimeoutMs?: number;
    receiveMaximum?: number;
    maximumPacketSize?: number;
    queue?: QueueOptions;
    requests?: RequestOptions;
    topicAliases?: TopicAliasOptions;
    inflightMax?: number;
    userProperties?: UserProperties;
    use?: readonly Middleware[];
    clock?: Clock;
    random?: Random;
}
export interface SubscribeInit {
    qos?: QoS;
    share?: string;
    noLocal?: boolean;
    retainAsPublished?: boolean;
    retainHandling?: 0 | 1 | 2;
    userProperties?: UserProperties;
    ack?: 'auto' | 'manual';
    qos0MessagesMax?: number;
    qos0BytesMax?: number;
}
export interface CloseOptions extends CallOptions {
    drain?: boolean;
    reasonCode?: number;
    reasonString?: string;
    sessionExpiryMs?: number | 'never';
}
export interface EachOptions<M> {
    concurrency?: number;
    keyBy?(message: M): unknown;
    onError?(error: unknown, message: M): 'ack' | 'nack' | 'stop';
}

// engine/journal.d.ts
import type { InflightState, PublishPacket } from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { MqttError } from '../errors.ts';
import type { Publication } from './publication.ts';
export interface StoredMessage {
    readonly packet: PublishPacket;
    readonly expiresAt: number;
    readonly sequence: number;
    readonly state: InflightState | undefined;
}
export interface StoredSession {
    readonly clientId: string | undefined;
    readonly messages: readonly StoredMessage[];
    readonly inbound: readonly number[];
}
export interface Journal {
    add(publication: Publication): void;
    sent(publication: Publication): void;
    received(publication: Publication): void;
    unsent(publication: Publication): void;
    remove(publication: Publication): void;
    remember(packetId: number): void;
    forget(packetId: number): void;
    name(clientId: string): void;
    whenStored(call: () => void): void;
    close(): Promise<void>;
}
export interface OpenStore {
    readonly session: StoredSession;
    readonly journal: Journal;
}
export interface SessionStore {
    open(clock: Clock, onFailure: (error: MqttError) => void): Promise<OpenStore>;
}

// enhanced-auth.d.ts
import type { Awaitable } from './options.ts';
export interface AuthExchange {
    first(): Awaitable<Uint8Array | undefined>;
    answer(data: Uint8Array | undefined): Awaitable<Uint8Array | undefined>;
    finish(data: Uint8Array | undefined): Awaitable<void>;
}
export interface EnhancedAuth {
    readonly method: string;
    begin(): AuthExchange;
}

// middleware/middleware.d.ts
import type { PublishProperties, QoS } from '@godwit/protocol';
import type { PublishResult } from '../engine/publication.ts';
import type { PublishCallOptions, PublishInit } from '../options.ts';
export interface OutboundMessage {
    readonly protocolVersion: 5 | 4 | 3;
    readonly topic: string;
    readonly payload: Uint8Array | string;
    readonly options: Readonly<PublishInit & PublishCallOptions>;
}
export type PublishNext = (message: OutboundMessage) => Promise<PublishResult>;
export interface InboundMessage {
    readonly topic: string;
    readonly qos: QoS;
    readonly retain: boolean;
    readonly dup: boolean;
    payload: Uint8Array;
    properties: Readonly<PublishProperties>;
    finish(reasonCode: number): void;
    onDone(listener: (reasonCode: number) => void): void;
}
export interface Middleware {
    publish?(message: OutboundMessage, next: PublishNext): Promise<PublishResult>;
    receive?(message: InboundMessage, next: () => void): void;
}

// request/responder.d.ts
import type { Client } from '../client.ts';
import type { Message } from '../message.ts';
import type { Awaitable, SubscribeInit } from '../options.ts';
import type { Subscription } from '../subscription.ts';
export interface RespondInit extends Omit<SubscribeInit, 'ack'> {
    concurrency?: number;
    onError?(error: unknown, request: Message): void;
}
export type RespondFunction = (request: Message) => Awaitable<Uint8Array | string>;
export declare class Responder implements AsyncDisposable {
    #private;
    readonly closed: Promise<unknown>;
    answered: number;
    failed: number;
    ignored: number;
    constructor(client: Client, subscription: Subscription, answer: RespondFunction, { concurrency, onError }: RespondInit);
    [Symbol.asyncDispose](): Promise<void>;
}

// subscription.d.ts
import type { QoS } from '@godwit/protocol';
import type { Inbox } from './inbox.ts';
import type { Message } from './message.ts';
import type { Awaitable, CallOptions, EachOptions } from './options.ts';
export interface SubscriptionInit {
    granted: ReadonlyMap<string, QoS>;
    refused: ReadonlyMap<string, number>;
    manual: boolean;
    inbox: Inbox;
    unsubscribe(options: CallOptions): Promise<void>;
    offline(): Promise<void>;
}
export declare class Subscription implements AsyncIterable<Message>, AsyncDisposable {
    #private;
    readonly granted: ReadonlyMap<string, QoS>;
    readonly refused: ReadonlyMap<string, number>;
    constructor(init: SubscriptionInit);
    get dropped(): number;
    each(handle: (message: Message) => Awaitable<void>, options?: EachOptions<Message>): Promise<void>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined>;
    toReadable(): ReadableStream<Message>;
    unsubscribe(options?: CallOptions): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
}

// inbox.d.ts
import type { MqttError } from './errors.ts';
import type { Message } from './message.ts';
export interface InboxLimits {
    messagesMax: number;
    bytesMax: number;
}
export declare class Inbox {
    #private;
    dropped: number;
    constructor(limits: InboxLimits);
    push(message: Message): boolean;
    putBack(messages: readonly Message[]): void;
    next(reader: object): Promise<IteratorResult<Message, undefined>>;
    cancel(reader: object): void;
    trim(messagesMax: number): number;
    end(error?: MqttError): void;
    release(): void;
}

// connect.d.ts
import type { Client } from './client.ts';
import type { CallOptions, ClientOptions } from './options.ts';
export type ServerUrls = string | URL | readonly (string | URL)[];
export declare function connect(urls: ServerUrls, options?: ClientOptions & CallOptions): Promise<Client>;
export declare function createClient(urls: ServerUrls, options?: ClientOptions): Client;
export declare function parseUrls(urls: ServerUrls): URL[];

// file-store/file-store.d.ts
import type { SessionStore } from '../engine/journal.ts';
export declare function fileStore(directory: string): SessionStore;
