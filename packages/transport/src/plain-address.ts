/** Addresses of peers, as they are shown and compared. */

/** An IPv4 peer of a socket that is bound to `::` is written as IPv4. */
export function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
