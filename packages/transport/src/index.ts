export type { ByteStream, Listener, PeerCertificate, StreamHandlers } from './byte-stream.ts';
export { MemoryNetwork } from './memory-network.ts';
export { type MemoryPairOptions, memoryPair } from './memory-stream.ts';
export { connectStandardWebSocket, type StandardWebSocketOptions } from './standard-web-socket.ts';
