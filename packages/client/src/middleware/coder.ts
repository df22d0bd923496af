/** The runtime's compression: node:zlib where there is one, else the streams of the web. */

export const encodings = ['gzip', 'deflate', 'zstd'] as const;
export type Encoding = (typeof encodings)[number];

export interface Coder {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /** Rejects when the bytes are damaged, or become more than `bytesMax`. */
  expand(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array>;
}

type Zlib = typeof import('node:zlib');

const { process } = globalThis as { process?: { getBuiltinModule?(id: string): unknown } };
// asked for by name, so that bundles for browsers do without it
const zlib = process?.getBuiltinModule?.('node:zlib') as Zlib | undefined;

/** @returns undefined when this runtime has none for it */
export function coder(encoding: Encoding): Coder | undefined {
  if (!encodings.includes(encoding)) return undefined;
  return zlib === undefined ? webCoder(encoding) : nodeCoder(zlib, encoding);
}

type Expand = (bytes: Uint8Array, options: { maxOutputLength: number }, done: Done) => void;

function nodeCoder(zlib: Zlib, encoding: Encoding): Coder | undefined {
  const compress = { gzip: zlib.gzip, deflate: zlib.deflate, zstd: zlib.zstdCompress }[encoding];
  const expand = { gzip: zlib.gunzip, deflate: zlib.inflate, zstd: zlib.zstdDecompress }[encoding];
  // not every version of Node has Zstandard
  if (compress === undefined || expand === undefined) return undefined;
  return {
    compress: bytes => called(done => compress(bytes, done)),
    expand: (bytes, maxOutputLength) =>
      called(done => (expand as Expand)(bytes, { maxOutputLength }, done)),
  };
}

type Done = (error: Error | null, result: Uint8Array) => void;

function called(begin: (done: Done) => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) =>
    begin((error, { buffer, byteOffset, byteLength } = new Uint8Array()) => {
      if (error === null) resolve(new Uint8Array(buffer, byteOffset, byteLength));
      else reject(error);
    }),
  );
}

/** Browsers have no Zstandard. */
export function webCoder(encoding: Encoding): Coder | undefined {
  if (encoding === 'zstd' || typeof CompressionStream === 'undefined') return undefined;
  return {
    compress: bytes => through(bytes, new CompressionStream(encoding), Number.POSITIVE_INFINITY),
    expand: (bytes, bytesMax) => through(bytes, new DecompressionStream(encoding), bytesMax),
  };
}

async function through(
  bytes: Uint8Array,
  { readable, writable }: CompressionStream | DecompressionStream,
  bytesMax: number,
): Promise<Uint8Array> {
  const writer = writable.getWriter();
  // a failure to write fails the reading, too
  writer.write(new Uint8Array(bytes)).catch(() => {});
  writer.close().catch(() => {});
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readable as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
