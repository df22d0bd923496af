/** Payloads as values: the plain codecs, which every runtime has. Others have entries of their own. */

/** Turns a value into the bytes of a payload, and back. */
export interface Codec<T = unknown> {
  /** Sent as the message's Content Type, where that is set to nothing else. */
  readonly contentType?: string;
  /** Whether the bytes are UTF-8 text, which the message says. */
  readonly isText?: boolean;
  /** @throws Error for what the format cannot hold */
  encode(value: T): Uint8Array | string;
  /** @throws Error for bytes that are not of the format */
  decode(bytes: Uint8Array): T;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** JSON. Decoding is strict: ill-formed UTF-8 is an error. */
export function json<T = unknown>(): Codec<T> {
  return {
    contentType: 'application/json',
    isText: true,
    encode(value) {
      const encoded: string | undefined = JSON.stringify(value);
      if (encoded === undefined) throw new TypeError('the value has no JSON');
      return encoded;
    },
    decode: bytes => JSON.parse(utf8.decode(bytes)),
  };
}

/** UTF-8 text. Ill-formed bytes are an error. */
export function text(): Codec<string> {
  return {
    contentType: 'text/plain; charset=utf-8',
    isText: true,
    encode: value => value,
    decode: bytes => utf8.decode(bytes),
  };
}

/** The bytes as they are. */
export function bytes(): Codec<Uint8Array> {
  return { encode: value => value, decode: value => value };
}
