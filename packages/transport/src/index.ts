export type { ByteStream, Listener, StreamHandlers } from './byte-stream.ts';
