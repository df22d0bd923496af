// mqttjs/index.d.ts
import { MqttClient } from './mqtt-client.ts';
import { type MqttJsOptions } from './options.ts';
export { MqttClient, type MqttJsGrant, type MqttJsPacket, type MqttJsPayload, type MqttJsPublishOptions, type MqttJsSubscribeOptions, } from './mqtt-client.ts';
export type { MqttJsOptions } from './options.ts';
export type { MqttJsProperties } from './properties.ts';
export declare function connect(url: string | MqttJsOptions, options?: MqttJsOptions): MqttClient;
export declare function connectAsync(url: string | MqttJsOptions, options?: MqttJsOptions): Promise<MqttClient>;
declare const mqtt: {
    connect: typeof connect;
    connectAsync: typeof connectAsync;
    MqttClient: typeof MqttClient;
};
export { mqtt as default };

// mqttjs/mqtt-client.d.ts
import { EventEmitter } from 'node:events';
import { type MqttJsOptions } from './options.ts';
import { type MqttJsProperties } from './properties.ts';
export type MqttJsPayload = Uint8Array & {
    toString(encoding?: string): string;
};
export interface MqttJsPacket {
    readonly cmd: string;
    readonly topic?: string;
    readonly payload?: MqttJsPayload;
    readonly qos?: 0 | 1 | 2;
    readonly retain?: boolean;
    readonly dup?: boolean;
    readonly sessionPresent?: boolean;
    readonly reasonCode?: number;
    readonly returnCode?: number;
    readonly properties?: MqttJsProperties | Readonly<Record<string, unknown>>;
}
export interface MqttJsPublishOptions {
    qos?: 0 | 1 | 2;
    retain?: boolean;
    properties?: MqttJsProperties;
}
export interface MqttJsSubscribeOptions {
    qos?: 0 | 1 | 2;
    nl?: boolean;
    rap?: boolean;
    rh?: 0 | 1 | 2;
    properties?: {
        userProperties?: MqttJsProperties['userProperties'];
    };
}
export interface MqttJsGrant {
    readonly topic: string;
    readonly qos: number;
}
type Filters = string | readonly string[] | Readonly<Record<string, MqttJsSubscribeOptions>>;
type Callback<T> = (error: Error | null, value?: T) => void;
type Done = Callback<void>;
type PublishDone = Callback<MqttJsPacket>;
type SubscribeDone = Callback<MqttJsGrant[]>;
export declare class MqttClient extends EventEmitter {
    #private;
    connected: boolean;
    reconnecting: boolean;
    disconnecting: boolean;
    disconnected: boolean;
    readonly options: MqttJsOptions;
    constructor(urls: readonly URL[], options: MqttJsOptions);
    publish(topic: string, message: string | Uint8Array, done?: PublishDone): this;
    publish(topic: string, message: string | Uint8Array, options?: MqttJsPublishOptions, done?: PublishDone): this;
    publishAsync(topic: string, message: string | Uint8Array, options?: MqttJsPublishOptions): Promise<MqttJsPacket | undefined>;
    subscribe(filters: Filters, done?: SubscribeDone): this;
    subscribe(filters: Filters, options?: MqttJsSubscribeOptions, done?: SubscribeDone): this;
    subscribeAsync(filters: Filters, options?: MqttJsSubscribeOptions): Promise<MqttJsGrant[]>;
    unsubscribe(filters: string | readonly string[], done?: Done): this;
    unsubscribe(filters: string | readonly string[], options?: object, done?: Done): this;
    unsubscribeAsync(filters: string | readonly string[]): Promise<void>;
    end(done?: Done): this;
    end(force?: boolean, done?: Done): this;
    end(force?: boolean, options?: {
        reasonCode?: number;
    }, done?: Done): this;
    endAsync(force?: boolean, { reasonCode }?: {
        reasonCode?: number;
    }): Promise<void>;
    reconnect(): this;
}
export {};

// mqttjs/options.d.ts
import type { TlsClientOptions } from '@godwit/transport/node';
import type { ClientOptions } from '../options.ts';
import { type MqttJsProperties } from './properties.ts';
export interface MqttJsOptions {
    protocol?: 'mqtt' | 'mqtts' | 'tcp' | 'ssl' | 'tls' | 'ws' | 'wss';
    host?: string;
    hostname?: string;
    port?: number | string;
    path?: string;
    servers?: readonly {
        host: string;
        port: number;
        protocol?: MqttJsOptions['protocol'];
    }[];
    clientId?: string;
    username?: string;
    password?: string | Uint8Array;
    keepalive?: number;
    clean?: boolean;
    protocolVersion?: 3 | 4 | 5;
    reconnectPeriod?: number;
    connectTimeout?: number;
    will?: {
        topic: string;
        payload: string | Uint8Array;
        qos?: 0 | 1 | 2;
        retain?: boolean;
        properties?: MqttJsProperties & {
            willDelayInterval?: number;
        };
    };
    properties?: {
        sessionExpiryInterval?: number;
        receiveMaximum?: number;
        maximumPacketSize?: number;
        topicAliasMaximum?: number;
        requestResponseInformation?: boolean;
        userProperties?: MqttJsProperties['userProperties'];
    };
    queueQoSZero?: boolean;
    resubscribe?: true;
    autoUseTopicAlias?: boolean;
    ca?: string | Uint8Array;
    cert?: string | Uint8Array;
    key?: string | Uint8Array;
    rejectUnauthorized?: boolean;
    servername?: string;
}
export type MappedOptions = ClientOptions & {
    tls?: TlsClientOptions;
};
export declare function clientOptions(options: MqttJsOptions, clientId: string): MappedOptions;
export declare function serverUrls(options: MqttJsOptions, url?: string): URL[];
export declare function unsupported(what: string): TypeError;

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

// mqttjs/properties.d.ts
import type { PublishProperties } from '@godwit/protocol';
import type { PublishInit } from '../options.ts';
export interface MqttJsProperties {
    payloadFormatIndicator?: boolean;
    messageExpiryInterval?: number;
    responseTopic?: string;
    correlationData?: Uint8Array;
    userProperties?: Readonly<Record<string, string | readonly string[]>>;
    contentType?: string;
    subscriptionIdentifier?: number | readonly number[];
}
export declare function publishInit(properties?: MqttJsProperties): PublishInit;
export declare function mqttJsProperties(properties: PublishProperties): MqttJsProperties | undefined;
