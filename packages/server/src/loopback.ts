/** Tells addresses that only this machine itself can use. */

/** Whether an IP address, or the name `localhost`, is one that packets never leave the machine for. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address) || /^(::1|localhost)$/i.test(address);
}

/** Whether a client with this `remoteAddress` runs on this machine. */
export function isLocalClient(remoteAddress: string): boolean {
  return remoteAddress.startsWith('unix:') || isLoopback(remoteAddress);
}
