/** MessagePack, with the package `@msgpack/msgpack`, which the program installs. */
import { Decoder, Encoder } from '@msgpack/msgpack';
import type { Codec } from './codec.ts';

/** MessagePack as `@msgpack/msgpack` reads and writes it by default. */
export function msgpack<T = unknown>(): Codec<T> {
  const encoder = new Encoder();
  const decoder = new Decoder();
  return {
    contentType: 'application/vnd.msgpack',
    encode: value => encoder.encode(value),
    decode: bytes => decoder.decode(bytes) as T,
  };
}
