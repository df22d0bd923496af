/**
 * Who is not let in: client identifiers, user names, addresses and networks, for a time or for
 * good. Kept in memory; looking up costs the same however many there are.
 */
import type { Clock } from '@godwit/runtime';
import { networkKey, parseAddress, parseNetwork } from './ip-network.ts';

/** What a ban names. */
export const banKinds = ['clientId', 'username', 'address'] as const;
export type BanKind = (typeof banKinds)[number];

export interface BanRequest {
  readonly kind: BanKind;
  /** For `address` an address, or a network as `10.0.0.0/8`. */
  readonly value: string;
  /** Seconds until it is over; absent: never. */
  readonly seconds?: number | undefined;
  /** For people; clients are not told. */
  readonly reason?: string | undefined;
}

export interface Ban {
  readonly kind: BanKind;
  readonly value: string;
  /** Wall time in milliseconds; null: never. */
  readonly expiresAtMs: number | null;
  readonly reason: string;
}

const secondsMax = 0xffffffff;
const reasonLengthMax = 1024;
const valueLengthMax = 65_535;

export class Bans {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #bans: Map<string, Ban>;
  /** How many bans of networks there are by family and prefix, as `32/24`. */
  readonly #prefixes: Map<string, number>;

  /** @param max as many bans at most */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
    this.#bans = new Map();
    this.#prefixes = new Map();
  }

  /**
   * Adds a ban, in place of one of the same kind and value.
   * @throws RangeError for a field out of its range, and when there is no room for one more
   */
  add({ kind, value, seconds, reason = '' }: BanRequest): Ban {
    if (!banKinds.includes(kind)) throw new RangeError(`kind: expected ${banKinds.join(' or ')}`);
    if (typeof value !== 'string' || value === '' || value.length > valueLengthMax) {
      throw new RangeError(`value: expected 1 to ${valueLengthMax} characters`);
    }
    if (seconds !== undefined && !(seconds > 0 && seconds <= secondsMax)) {
      throw new RangeError(`seconds: is ${seconds}, expected more than 0, at most ${secondsMax}`);
    }
    if (reason.length > reasonLengthMax) {
      throw new RangeError(`reason: expected at most ${reasonLengthMax} characters`);
    }
    const key = keyOf(kind, value);
    this.#remove(key);
    if (this.isFull) throw new RangeError(`there are ${this.#max} bans already`);
    const expiresAtMs = seconds === undefined ? null : this.#clock.wallMs() + seconds * 1000;
    const ban: Ban = { kind, value, expiresAtMs, reason };
    this.#bans.set(key, ban);
    if (kind === 'address') this.#countPrefix(value, 1);
    return ban;
  }

  get isFull(): boolean {
    if (this.#bans.size >= this.#max) this.#sweep();
    return this.#bans.size >= this.#max;
  }

  /** @returns false when there is no such ban */
  remove(kind: BanKind, value: string): boolean {
    return this.#remove(keyOf(kind, value));
  }

  /** Those that are not over, the oldest first. */
  list(): Ban[] {
    this.#sweep();
    return [...this.#bans.values()];
  }

  hasName(kind: 'clientId' | 'username', value: string): boolean {
    return this.#bans.size > 0 && this.#isInForce(`${kind} ${value}`);
  }

  /** Whether an address, or a network that it lies in, is banned. */
  hasAddress(text: string): boolean {
    if (this.#prefixes.size === 0) return false;
    const address = parseAddress(text);
    if (address === null) return false;
    for (const prefix of this.#prefixes.keys()) {
      const [bits, length] = prefix.split('/').map(Number);
      if (bits !== address.bits) continue;
      if (this.#isInForce(`address ${networkKey(address, length)}`)) return true;
    }
    return false;
  }

  #isInForce(key: string): boolean {
    const ban = this.#bans.get(key);
    if (ban === undefined) return false;
    if (!this.#isOver(ban)) return true;
    this.#remove(key);
    return false;
  }

  #isOver({ expiresAtMs }: Ban): boolean {
    return expiresAtMs !== null && expiresAtMs <= this.#clock.wallMs();
  }

  #sweep(): void {
    for (const [key, ban] of this.#bans) if (this.#isOver(ban)) this.#remove(key);
  }

  #remove(key: string): boolean {
    const ban = this.#bans.get(key);
    if (ban === undefined) return false;
    this.#bans.delete(key);
    if (ban.kind === 'address') this.#countPrefix(ban.value, -1);
    return true;
  }

  #countPrefix(network: string, change: 1 | -1): void {
    const { bits, prefix } = parseNetwork(network);
    const key = `${bits}/${prefix}`;
    const count = (this.#prefixes.get(key) ?? 0) + change;
    if (count === 0) this.#prefixes.delete(key);
    else this.#prefixes.set(key, count);
  }
}

/** @throws RangeError for an address that is none */
function keyOf(kind: BanKind, value: string): string {
  return `${kind} ${kind === 'address' ? parseNetwork(value).key : value}`;
}
