/** Parts of the broker's world with something changed, and the rest passed on as it is. */
import {
  decodePacket,
  encodePacket,
  type Packet,
  PacketType,
  type ProtocolVersion,
} from '@godwit/protocol';
import type { AcceptLog, AcceptLogVisitor, Engine, Table } from '@godwit/storage';
import type { Disk, DiskFile } from '@godwit/storage-local';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import { PacketLane } from '../world/packet-lane.ts';

type Ports = Pick<Engine, 'accepts' | 'sessions' | 'subscriptions' | 'retained' | 'wills'>;

/** The engine with other ports. */
export function withPorts(engine: Engine, ports: Partial<Ports>): Engine {
  const { accepts, sessions, subscriptions, retained, wills, durability } = engine;
  return {
    durability,
    accepts,
    sessions,
    subscriptions,
    retained,
    wills,
    ...ports,
    start: () => engine.start(),
    stop: graceMs => engine.stop(graceMs),
    onHealth: listener => engine.onHealth(listener),
  };
}

/** The table, which takes only those puts that `isKept` says, and says yes to the others too. */
export function forgetfulTable(
  table: Table,
  isKept: (key: string, bytes: Uint8Array | null) => boolean,
): Table {
  return {
    put: (key, bytes) => (isKept(key, bytes) ? table.put(key, bytes) : Promise.resolve()),
    load: () => table.load(),
  };
}

/** The log with some of its methods replaced. */
export function withLog(engine: Engine, change: (log: AcceptLog) => Partial<AcceptLog>): Engine {
  const log = engine.accepts;
  const passed: AcceptLog = {
    entryBytesMax: log.entryBytesMax,
    markBytesMax: log.markBytesMax,
    load: (visitor: AcceptLogVisitor) => log.load(visitor),
    offer: (bytes, start, end, holders) => log.offer(bytes, start, end, holders),
    onAccepted: listener => log.onAccepted(listener),
    onDrain: listener => log.onDrain(listener),
    read: at => log.read(at),
    release: at => log.release(at),
    onMark: encode => log.onMark(encode),
    touch: key => log.touch(key),
    forget: key => log.forget(key),
    settle: done => log.settle(done),
  };
  return withPorts(engine, { accepts: { ...passed, ...change(log) } });
}

/** The disk, with another way to sync its files. */
export function withDatasync(disk: Disk, datasync: (file: DiskFile) => Promise<void>): Disk {
  return {
    name: disk.name,
    open: async (name, create) => {
      const file = await disk.open(name, create);
      return {
        write: (bytes, at) => file.write(bytes, at),
        read: (into, at) => file.read(into, at),
        datasync: () => datasync(file),
        truncate: size => file.truncate(size),
        size: () => file.size(),
        close: () => file.close(),
      };
    },
    list: () => disk.list(),
    rename: (from, to) => disk.rename(from, to),
    remove: name => disk.remove(name),
    syncDirectory: () => disk.syncDirectory(),
    lock: () => disk.lock(),
  };
}

/** The stream, whose packets towards the client are what `change` makes of each block. */
export function withPackets(
  stream: ByteStream,
  change: (packets: readonly Packet[]) => readonly Packet[],
): ByteStream {
  const inbound = new PacketLane();
  let version: ProtocolVersion = 5;
  let outbound: PacketLane | null = null;
  return {
    kind: stream.kind,
    remoteAddress: stream.remoteAddress,
    remotePort: stream.remotePort,
    get bufferedBytes() {
      return stream.bufferedBytes;
    },
    open: (handlers: StreamHandlers) =>
      stream.open({
        onData: chunk => {
          if (outbound === null) {
            inbound.push(chunk, packet => {
              if (packet.type !== PacketType.connect) return;
              version = packet.protocolVersion;
              inbound.version = version;
              outbound = new PacketLane(version);
            });
          }
          handlers.onData(chunk);
        },
        onEnd: () => handlers.onEnd(),
        onDrain: () => handlers.onDrain(),
        onClose: error => handlers.onClose(error),
      }),
    write(bytes, done) {
      const packets: Packet[] = [];
      const frames = new Map<Packet, Uint8Array>();
      outbound?.push(bytes, (_, frame) => {
        const bodyStart = frame.length < 130 ? 2 : frame.length < 16_387 ? 3 : 4;
        const packet = decodePacket(frame, frame[0], bodyStart, frame.length, version);
        packets.push(packet);
        frames.set(packet, frame);
      });
      const changed = change(packets).map(
        packet => frames.get(packet) ?? encodePacket(packet, version)!,
      );
      stream.write(Buffer.concat(changed), done);
    },
    cork: () => stream.cork(),
    uncork: () => stream.uncork(),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: () => stream.destroy(),
  };
}
