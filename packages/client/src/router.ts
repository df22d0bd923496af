/** Which subscriptions want a message: those with a filter that matches its topic. */
import { parseTopicFilter } from '@godwit/protocol';
import type { Inbox } from './inbox.ts';
import { RouteTree } from './route-tree.ts';

/** Filters, as the server has them, to the inboxes that hold each. */
export class Router {
  readonly #holders: Map<string, Set<Inbox>>;
  /** By filter without `$share/…/`: the sets of holders, by filter with it. */
  readonly #tree: RouteTree<Map<string, Set<Inbox>>>;

  constructor() {
    this.#holders = new Map();
    this.#tree = new RouteTree();
  }

  /** Every inbox that holds a filter. */
  get inboxes(): Set<Inbox> {
    const all = new Set<Inbox>();
    for (const holders of this.#holders.values()) for (const inbox of holders) all.add(inbox);
    return all;
  }

  /** @throws RangeError when the filter is not valid */
  add(filter: string, inbox: Inbox): void {
    const path = pathOf(filter);
    const holders = this.#holders.get(filter) ?? new Set();
    holders.add(inbox);
    this.#holders.set(filter, holders);
    const there = this.#tree.get(path);
    if (there !== undefined) there.set(filter, holders);
    else this.#tree.set(path, new Map([[filter, holders]]));
  }

  remove(filter: string, inbox: Inbox): void {
    const holders = this.#holders.get(filter);
    if (holders === undefined || !holders.delete(inbox) || holders.size > 0) return;
    this.#holders.delete(filter);
    const path = pathOf(filter);
    const there = this.#tree.get(path);
    there?.delete(filter);
    if (there?.size === 0) this.#tree.delete(path);
  }

  /** Whether an inbox other than `inbox` holds the filter. */
  isHeldBeside(filter: string, inbox: Inbox): boolean {
    const holders = this.#holders.get(filter);
    return holders !== undefined && (holders.size > 1 || !holders.has(inbox));
  }

  /** The inboxes that want a message of this topic, each once. */
  match(topic: string): ReadonlySet<Inbox> {
    const inboxes = new Set<Inbox>();
    for (const filters of this.#tree.match(topic)) {
      for (const holders of filters.values()) for (const inbox of holders) inboxes.add(inbox);
    }
    return inboxes;
  }
}

/** @throws RangeError when the filter is not valid */
export function pathOf(filter: string): string {
  const parsed = parseTopicFilter(filter);
  if (parsed === null) throw new RangeError(`not a topic filter: ${JSON.stringify(filter)}`);
  return parsed.filter;
}
