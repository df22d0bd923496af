// scram.d.ts
import { type Random } from '@godwit/runtime';
import type { EnhancedAuth } from './enhanced-auth.ts';
export interface ScramOptions {
    readonly iterationsMax?: number;
    readonly random?: Random;
}
export declare function scramSha256(username: string, password: string, options?: ScramOptions): EnhancedAuth;
export declare function scramSha512(username: string, password: string, options?: ScramOptions): EnhancedAuth;

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
