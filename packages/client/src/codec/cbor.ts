/** CBOR (RFC 8949), with the package `cborg`, which the program installs. */
import { decode, encode } from 'cborg';
import type { Codec } from './codec.ts';

/** CBOR as cborg reads and writes it by default: strict, without tags. */
export function cbor<T = unknown>(): Codec<T> {
  return {
    contentType: 'application/cbor',
    encode: value => encode(value),
    decode: bytes => decode(bytes),
  };
}
