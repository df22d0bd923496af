/**
 * Deliberate faults, each one that a broker or an engine could have: the proof that the model would
 * see it. They stand between the broker and its world; the broker itself is as it is.
 */
import { PacketType } from '@godwit/protocol';
import type { Fault } from '../world/life.ts';
import { forgetfulTable, withDatasync, withLog, withPackets, withPorts } from './wrappers.ts';

export const mutants: Readonly<Record<string, Fault>> = {
  'a sync does nothing': {
    disk: disk => withDatasync(disk, async () => {}),
  },
  'a sync that failed counts as done': {
    disk: disk => withDatasync(disk, file => file.datasync().catch(() => {})),
  },
  'accepted before it is synced': {
    engine: engine =>
      withLog(engine, log => {
        let accepted: (upTo: number) => void = () => {};
        return {
          onAccepted: listener => {
            accepted = listener;
            log.onAccepted(() => {});
          },
          offer: (bytes, start, end, holders) => {
            const at = log.offer(bytes, start, end, holders);
            if (at !== 0) queueMicrotask(() => accepted(at));
            return at;
          },
        };
      }),
  },
  'settled before it is synced': {
    engine: engine => withLog(engine, () => ({ settle: done => queueMicrotask(done) })),
  },
  'marks are never written': {
    engine: engine => withLog(engine, () => ({ touch: () => {} })),
  },
  'marks are not found again': {
    engine: engine =>
      withLog(engine, log => ({
        load: visitor =>
          log.load({ entry: (at, bytes) => visitor.entry(at, bytes), mark: () => {} }),
      })),
  },
  'every tenth entry is not found again': {
    engine: engine =>
      withLog(engine, log => ({
        load: visitor =>
          log.load({
            entry: (at, bytes) => (at % 10 === 0 ? 0 : visitor.entry(at, bytes)),
            mark: (key, bytes) => visitor.mark(key, bytes),
          }),
      })),
  },
  'every third subscription is not stored': {
    engine: engine => {
      const isNth = every(3);
      const isKept = (): boolean => !isNth();
      return withPorts(engine, { subscriptions: forgetfulTable(engine.subscriptions, isKept) });
    },
  },
  'subscriptions that ended come back': {
    engine: engine =>
      withPorts(engine, {
        subscriptions: forgetfulTable(engine.subscriptions, (_, bytes) => bytes !== null),
      }),
  },
  'sessions that ended come back': {
    engine: engine =>
      withPorts(engine, {
        sessions: forgetfulTable(engine.sessions, (_, bytes) => bytes !== null),
      }),
  },
  'retained messages are not stored': {
    engine: engine => withPorts(engine, { retained: forgetfulTable(engine.retained, () => false) }),
  },
  'wills that are over come back': {
    engine: engine =>
      withPorts(engine, { wills: forgetfulTable(engine.wills, (_, bytes) => bytes !== null) }),
  },
  'PUBREL is lost': {
    stream: stream =>
      withPackets(stream, packets => packets.filter(({ type }) => type !== PacketType.pubrel)),
  },
  'PUBREC is lost': {
    stream: stream =>
      withPackets(stream, packets => packets.filter(({ type }) => type !== PacketType.pubrec)),
  },
  'PUBLISH overtakes PUBLISH': {
    stream: stream =>
      withPackets(stream, packets => {
        const [first, second] = packets;
        const isSwapped = first?.type === PacketType.publish && second?.type === PacketType.publish;
        return isSwapped ? [second, first, ...packets.slice(2)] : packets;
      }),
  },
  'DUP is never set': {
    stream: stream =>
      withPackets(stream, packets =>
        packets.map(packet =>
          packet.type === PacketType.publish && packet.dup ? { ...packet, dup: false } : packet,
        ),
      ),
  },
  'every tenth QoS 1 message is lost': {
    stream: stream => {
      const isNth = every(10);
      return withPackets(stream, packets =>
        packets.filter(
          packet => packet.type !== PacketType.publish || packet.qos !== 1 || !isNth(),
        ),
      );
    },
  },
};

/** A function that says true each `count`th time. */
function every(count: number): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % count === 0;
  };
}
