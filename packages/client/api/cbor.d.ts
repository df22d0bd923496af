// codec/cbor.d.ts
import type { Codec } from './codec.ts';
export declare function cbor<T = unknown>(): Codec<T>;

// codec/codec.d.ts
export interface Codec<T = unknown> {
    readonly contentType?: string;
    readonly isText?: boolean;
    encode(value: T): Uint8Array | string;
    decode(bytes: Uint8Array): T;
}
export declare function json<T = unknown>(): Codec<T>;
export declare function text(): Codec<string>;
export declare function bytes(): Codec<Uint8Array>;
