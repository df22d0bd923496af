// indexed-db/index.d.ts
export { indexedDbStore } from './indexed-db-store.ts';

// indexed-db/indexed-db-store.d.ts
import type { SessionStore } from '../engine/journal.ts';
export declare function indexedDbStore(name: string): SessionStore;

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
