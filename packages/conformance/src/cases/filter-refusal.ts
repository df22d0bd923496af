/** For cases about filters that are none. */
import type { CaseContext } from '../case/case-context.ts';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

/** A client of its own asks for each filter, and is refused. */
export async function expectFiltersRefused(
  t: CaseContext,
  filters: readonly string[],
): Promise<void> {
  for (const filter of filters) {
    const client = await t.connect();
    client.send(packetBytes(0x82, [0, 1], propertyBlock(t.version), prefixed(filter), [0]));
    await client.expectFilterRefused();
  }
}
