/** Long lists in pages, found without keeping the broker from its work. */
import type { Clock } from '@godwit/runtime';
import { z } from 'zod';

/** Items that are looked at before other work goes first. */
const itemsAtOnce = 5_000;

export const pageQuery: {
  readonly limit: z.ZodDefault<z.ZodCoercedNumber>;
  readonly offset: z.ZodDefault<z.ZodCoercedNumber>;
} = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Items of a page.'),
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000_000)
    .default(0)
    .describe('Items to pass over: `next` of the page before.'),
};

export interface Page<T> {
  readonly items: readonly T[];
  /** `offset` of the next page; null after the last. */
  readonly next: number | null;
}

/** The schema of a {@link Page}. */
export function pageOf(item: z.ZodType): z.ZodType {
  return z.object({
    items: z.array(item),
    next: z.int().nullable().describe('`offset` of the next page; null after the last.'),
  });
}

/** Those of `all` that `isWanted`, from the given one on. */
export async function page<T>(
  all: Generator<T, void, undefined>,
  isWanted: (item: T) => boolean,
  { limit, offset }: { readonly limit: number; readonly offset: number },
  clock: Clock,
): Promise<Page<T>> {
  const items: T[] = [];
  let seen = 0;
  let found = 0;
  for (const item of all) {
    seen += 1;
    if (seen % itemsAtOnce === 0) await new Promise<void>(next => clock.defer(next));
    if (!isWanted(item)) continue;
    if (found >= offset + limit) return { items, next: offset + limit };
    if (found >= offset) items.push(item);
    found += 1;
  }
  return { items, next: null };
}
