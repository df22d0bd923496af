/**
 * Who may come in, before anybody is asked who they are: bounds of connections and of their rate by
 * address, listener, user name and in all, bans, flapping, and how busy the broker is. It decides
 * and counts; the connection answers.
 */
import { ReasonCode } from '@godwit/protocol';
import type { Context } from '../context.ts';
import type { ClientInfo } from '../hooks.ts';
import { bucketOf, TokenBucket } from '../token-bucket.ts';
import { Bans } from './bans.ts';
import type { Entrance } from './entrance.ts';
import { customerKey, parseAddress } from './ip-network.ts';
import { Recent } from './recent.ts';

/** A connection that has a place, to be given back with {@link Admission.leave}. */
export interface Ticket {
  readonly entrance: Entrance;
  /** Under which its address is counted; '' when it is not. */
  readonly addressKey: string;
  /** Reason code to refuse its CONNECT with; 0 for none. */
  readonly refusal: number;
}

interface Connects {
  sinceMs: number;
  count: number;
}

type AdmissionContext = Pick<Context, 'clock' | 'limits' | 'metrics' | 'load'>;

export class Admission {
  readonly bans: Bans;
  readonly #context: AdmissionContext;
  readonly #rate: TokenBucket | null;
  readonly #addressRates: Recent<TokenBucket>;
  /** Open connections by address, where that is bounded. */
  readonly #addresses: Map<string, number>;
  /** Connected clients by user name, where that is bounded. */
  readonly #usernames: Map<string, number>;
  /** CONNECTs of each client in its current window. */
  readonly #connects: Recent<Connects>;

  constructor(context: AdmissionContext) {
    const { clock, limits } = context;
    this.bans = new Bans(clock, limits.bansMax);
    this.#context = context;
    this.#rate = bucketOf(limits.connectsPerSecond, limits.rateBurstMs, clock.monotonicMs());
    this.#addressRates = new Recent(limits.addressesMax);
    this.#addresses = new Map();
    this.#usernames = new Map();
    this.#connects = new Recent(limits.flappingClientsMax);
  }

  /** A connection has come; null when it is to be closed without a word. */
  arrive(remoteAddress: string, entrance: Entrance): Ticket | null {
    const { limits, metrics } = this.#context;
    const { connectionsPerAddressMax, connectsPerSecondPerAddress } = limits;
    const isCounted = connectionsPerAddressMax > 0 || connectsPerSecondPerAddress > 0;
    const address = isCounted ? parseAddress(remoteAddress) : null;
    const addressKey = address === null ? '' : customerKey(address);
    if (entrance.connections >= entrance.connectionsMax) {
      metrics.connectionsRefusedListener += 1;
      return null;
    }
    const fromThere = this.#addresses.get(addressKey) ?? 0;
    if (connectionsPerAddressMax > 0 && addressKey !== '') {
      if (fromThere >= connectionsPerAddressMax) {
        metrics.connectionsRefusedAddress += 1;
        return null;
      }
      this.#addresses.set(addressKey, fromThere + 1);
    }
    entrance.connections += 1;
    return { entrance, addressKey, refusal: this.#refusal(remoteAddress, addressKey, entrance) };
  }

  /** The connection is closed. */
  leave({ entrance, addressKey }: Ticket): void {
    entrance.connections -= 1;
    release(this.#addresses, addressKey);
  }

  /** Whether a client is banned by its names, of which the user name is what it says itself. */
  isBanned({ clientId, username }: ClientInfo): boolean {
    const { bans } = this;
    const isBanned =
      bans.hasName('clientId', clientId) ||
      (username !== undefined && bans.hasName('username', username));
    if (isBanned) this.#context.metrics.connectsRefusedBanned += 1;
    return isBanned;
  }

  /**
   * A client that was let in is about to be connected.
   * @param isTakeover another connection of the same client and user ends for it
   * @returns the reason code to refuse it with; 0: it is counted until {@link exit}
   */
  enter(client: ClientInfo, isTakeover: boolean): number {
    const { limits, metrics } = this.#context;
    // The name it was let in with may be another than it gave.
    if (client.username !== undefined && this.bans.hasName('username', client.username)) {
      metrics.connectsRefusedBanned += 1;
      return ReasonCode.banned;
    }
    if (this.#isFlapping(client.clientId)) return ReasonCode.banned;
    const { connectionsPerUsernameMax } = limits;
    if (connectionsPerUsernameMax === 0 || client.username === undefined) return 0;
    const count = this.#usernames.get(client.username) ?? 0;
    if (count - (isTakeover ? 1 : 0) >= connectionsPerUsernameMax) {
      metrics.connectionsRefusedUsername += 1;
      return ReasonCode.quotaExceeded;
    }
    this.#usernames.set(client.username, count + 1);
    return 0;
  }

  /** The client is not connected any more. */
  exit({ username }: ClientInfo): void {
    if (username !== undefined) release(this.#usernames, username);
  }

  #refusal(remoteAddress: string, addressKey: string, { rate }: Entrance): number {
    const { metrics, load } = this.#context;
    if (this.bans.hasAddress(remoteAddress)) {
      metrics.connectsRefusedBanned += 1;
      return ReasonCode.banned;
    }
    if (load.state !== 'normal') {
      metrics.connectsRefusedBusy += 1;
      return ReasonCode.serverBusy;
    }
    const nowMs = this.#context.clock.monotonicMs();
    // The address first: what one of them is refused costs the others nothing.
    const isWithin =
      this.#takeOfAddress(addressKey, nowMs) &&
      (rate === null || rate.tryTake(nowMs)) &&
      (this.#rate === null || this.#rate.tryTake(nowMs));
    if (isWithin) return 0;
    metrics.connectsRefusedRate += 1;
    return ReasonCode.connectionRateExceeded;
  }

  #takeOfAddress(addressKey: string, nowMs: number): boolean {
    const { connectsPerSecondPerAddress, rateBurstMs } = this.#context.limits;
    if (addressKey === '' || connectsPerSecondPerAddress === 0) return true;
    const create = (): TokenBucket =>
      new TokenBucket(connectsPerSecondPerAddress, rateBurstMs, nowMs);
    return this.#addressRates.of(addressKey, create).tryTake(nowMs);
  }

  /** Whether this is one CONNECT too many; then the client is banned for a while. */
  #isFlapping(clientId: string): boolean {
    const { clock, limits, metrics } = this.#context;
    const { flappingConnectsMax, flappingWindowSeconds, flappingBanSeconds } = limits;
    if (flappingConnectsMax === 0) return false;
    const nowMs = clock.monotonicMs();
    const connects = this.#connects.of(clientId, () => ({ sinceMs: nowMs, count: 0 }));
    if (nowMs - connects.sinceMs >= flappingWindowSeconds * 1000) {
      connects.sinceMs = nowMs;
      connects.count = 0;
    }
    connects.count += 1;
    if (connects.count <= flappingConnectsMax) return false;
    metrics.clientsFlapping += 1;
    if (this.bans.isFull) return true;
    const reason = `connected ${connects.count} times in ${flappingWindowSeconds} s`;
    this.bans.add({ kind: 'clientId', value: clientId, seconds: flappingBanSeconds, reason });
    connects.count = 0;
    return true;
  }
}

function release(counts: Map<string, number>, key: string): void {
  const count = counts.get(key);
  if (count === undefined) return;
  if (count === 1) counts.delete(key);
  else counts.set(key, count - 1);
}
