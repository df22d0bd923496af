/** Whether a text of the configuration is a network, as `10.0.0.0/8`, or an address. */
import { Networks } from '@godwit/transport/node';

export function isNetwork(text: string): boolean {
  try {
    new Networks([text]);
    return true;
  } catch {
    return false;
  }
}
