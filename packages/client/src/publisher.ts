/** The way of a message from `publish` into the session: through the middleware, and checked. */
import type { ProtocolVersion } from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import { call } from './call.ts';
import type { Outbound } from './engine/outbound.ts';
import type { Publication, PublishResult } from './engine/publication.ts';
import { PublishError } from './errors.ts';
import { closedHere, type Lifetime } from './lifetime.ts';
import type { Middleware, OutboundMessage } from './middleware/middleware.ts';
import { PublishChain } from './middleware/publish-chain.ts';
import type { PublishCallOptions, PublishInit } from './options.ts';
import { publishPacket, requireUntil } from './publish-packet.ts';

export interface PublisherInit {
  version: ProtocolVersion;
  clock: Clock;
  outbound: Outbound;
  lifetime: Lifetime;
  use: readonly Middleware[];
  /** Whether the session is stored. */
  hasStore: boolean;
}

export class Publisher {
  readonly #init: PublisherInit;
  readonly #chain: PublishChain | undefined;

  constructor(init: PublisherInit) {
    this.#init = init;
    this.#chain = PublishChain.of(init.use, message => this.#publish(message));
  }

  publish(
    topic: string,
    payload: Uint8Array | string,
    options: PublishInit & PublishCallOptions,
  ): Promise<PublishResult> {
    const { version, lifetime } = this.#init;
    if (lifetime.isClosing) return Promise.reject(PublishError.from(closedHere(), 'no'));
    const message = { protocolVersion: version, topic, payload, options };
    return this.#chain === undefined ? this.#publish(message) : this.#chain.run(message);
  }

  /** Calls `then` once the session has all that was published. */
  whenTaken(then: () => void): void {
    if (this.#chain === undefined) then();
    else this.#chain.whenSettled(then);
  }

  async #publish({ topic, payload, options }: OutboundMessage): Promise<PublishResult> {
    const { version, clock, outbound, lifetime, hasStore } = this.#init;
    const packet = publishPacket(version, topic, payload, options);
    const { expiryMs, until = 'acked' } = options;
    if (until !== 'acked') requireUntil(until, packet, hasStore);
    const expiresAt =
      expiryMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() + expiryMs;
    let publication: Publication | undefined;
    return call<PublishResult>(
      clock,
      options,
      ({ resolve, reject }) => {
        if (lifetime.ended !== undefined) throw PublishError.from(lifetime.ended, 'no');
        publication = {
          packet,
          expiresAt,
          state: 'new',
          wasSent: false,
          isAbandoned: false,
          until,
          isAnswered: false,
          sequence: 0,
          received: undefined,
          resolve,
          reject,
        };
        outbound.add(publication);
      },
      error => {
        const isUnsent = publication === undefined || outbound.withdraw(publication);
        return PublishError.from(error, isUnsent ? 'no' : 'maybe');
      },
    );
  }
}
