export type { Direction, FaultLink, Faults } from './fault-link.ts';
export { FaultNetwork, type FaultNetworkOptions } from './fault-network.ts';
export { bytes, hex, hexDump } from './hex.ts';
export { describePacket, type PacketMatch, type PacketOf } from './packet-match.ts';
export { type ExpectOptions, RawClient, type RawClientOptions } from './raw-client.ts';
export { SeededRandom } from './seeded-random.ts';
export { VirtualClock } from './virtual-clock.ts';
