/**
 * Brokers that are broken on purpose, to see that the cases find out. A mutant sits between a
 * sound broker and its clients and changes packets on their way, so that the broker itself needs
 * no seam.
 */
import { encodePacket, type Packet, type ProtocolVersion } from '@godwit/protocol';
import type { PacketOf } from '@godwit/testkit';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import type { Standard } from '../statements/index.ts';
import type { Target } from '../target/target.ts';
import { ForwardingStream } from '../wire/forwarding-stream.ts';
import { PacketTap, type TappedPacket } from '../wire/packet-tap.ts';

/** What becomes of a packet: undefined leaves it as it is, null makes it vanish. */
export type Change = undefined | null | Packet | Uint8Array | readonly (Packet | Uint8Array)[];

/** What a mutant does to one connection; may keep state for it. */
export interface Mutation {
  /** Changes what the client gets to see. */
  server?(tapped: TappedPacket): Change;
  /** Changes what the broker gets to see. */
  client?(tapped: TappedPacket): Change;
  /** The client does not see the broker's close. */
  readonly staysOpen?: boolean;
}

export interface Mutant {
  /** What the broker does wrong, as a sentence without full stop; unique. */
  readonly name: string;
  /** Statements of which the cases must fail, every one. */
  readonly breaks: Readonly<Partial<Record<Standard, readonly string[]>>>;
  /** Called for each connection. */
  apply(): Mutation;
}

/** The target as the mutant's clients see it. */
export function mutated(target: Target, mutant: Mutant): Target {
  return {
    ...target,
    open: async () => new MutatedStream(await target.open(), mutant.apply()),
  };
}

class MutatedStream extends ForwardingStream {
  readonly #mutation: Mutation;
  readonly #connection: { version: ProtocolVersion };
  readonly #clientTap: PacketTap;

  constructor(inner: ByteStream, mutation: Mutation) {
    super(inner);
    this.#mutation = mutation;
    this.#connection = { version: 5 };
    this.#clientTap = new PacketTap(this.#connection, tapped => {
      this.#pass(tapped, mutation.client?.(tapped), bytes => inner.write(bytes));
    });
  }

  override open(handlers: StreamHandlers): void {
    const { server, staysOpen = false } = this.#mutation;
    const tap = new PacketTap(this.#connection, tapped => {
      this.#pass(tapped, server?.(tapped), bytes => handlers.onData(bytes));
    });
    super.open({
      onData: chunk => tap.push(chunk),
      onEnd: () => (staysOpen ? undefined : handlers.onEnd()),
      onDrain: () => handlers.onDrain(),
      onClose: error => (staysOpen ? undefined : handlers.onClose(error)),
    });
  }

  override write(bytes: Uint8Array, done?: () => void): void {
    this.#clientTap.push(bytes);
    done?.();
  }

  #pass({ bytes }: TappedPacket, change: Change, on: (bytes: Uint8Array) => void): void {
    if (change === undefined) on(bytes);
    else if (change instanceof Uint8Array) on(change);
    else if (change !== null) {
      const packets = 'type' in change ? [change] : change;
      for (const each of packets) {
        on(each instanceof Uint8Array ? each : encodePacket(each, this.#connection.version)!);
      }
    }
  }
}

/** Changes every packet of one type that goes to the client. */
export function serverPackets<Type extends Packet['type']>(
  types: readonly Type[],
  change: (packet: PacketOf<Type>) => Change,
): () => Mutation {
  return () => ({ server: ({ packet }) => changed(packet, types, change) });
}

/** Changes every packet of one type that goes to the broker. */
export function clientPackets<Type extends Packet['type']>(
  types: readonly Type[],
  change: (packet: PacketOf<Type>) => Change,
): () => Mutation {
  return () => ({ client: ({ packet }) => changed(packet, types, change) });
}

function changed<Type extends Packet['type']>(
  packet: Packet | null,
  types: readonly Type[],
  change: (packet: PacketOf<Type>) => Change,
): Change {
  if (packet === null || !types.some(type => type === packet.type)) return undefined;
  return change(packet as PacketOf<Type>);
}
