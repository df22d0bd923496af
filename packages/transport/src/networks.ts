/** A list of IP networks, to ask whether an address is in one of them. */
import { BlockList, isIP } from 'node:net';
import { plainAddress } from './plain-address.ts';

const bitsOf: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 4 ? 'ipv4' : 'ipv6';
}

export class Networks {
  readonly #list: BlockList;

  /**
   * @param networks as `10.0.0.0/8`, `2001:db8::/32`; an address alone is a network of one
   * @throws RangeError when one is neither
   */
  constructor(networks: readonly string[]) {
    this.#list = new BlockList();
    for (const network of networks) this.#add(network);
  }

  /** @param address of a peer; one that is none is in no network */
  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, familyOf(version));
  }

  #add(network: string): void {
    const [address, prefix, ...more] = network.split('/');
    const version = isIP(address);
    const bits = bitsOf[version];
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    if (version === 0 || address.includes('%') || !isPrefix || more.length > 0) {
      throw new RangeError(`${JSON.stringify(network)} is no network, as 10.0.0.0/8 is`);
    }
    this.#list.addSubnet(address, Number(prefix ?? bits), familyOf(version));
  }
}
