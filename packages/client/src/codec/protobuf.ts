/** Protocol Buffers, with the package `protobufjs`, which the program installs. */
import type { Type } from 'protobufjs';
import type { Codec } from './codec.ts';

/**
 * Messages of one protobufjs type, as plain objects: 64-bit integers are decimal strings, enums
 * their names, and absent fields have their defaults. Values that do not fit their field are
 * converted as protobufjs does; a schema can refuse them.
 */
export function protobuf<T extends object = Record<string, unknown>>(type: Type): Codec<T> {
  return {
    contentType: 'application/x-protobuf',
    encode: value => new Uint8Array(type.encode(type.fromObject(value)).finish()),
    decode: bytes =>
      type.toObject(type.decode(bytes), {
        longs: String,
        enums: String,
        defaults: true,
      }) as T,
  };
}
