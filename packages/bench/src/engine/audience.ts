/** Says beforehand how many subscribers a message reaches, so that the missing can be counted. */
import { FilterTree } from '@godwit/protocol';

/** Filters and how many receive through each. */
export class Audience {
  readonly #tree: FilterTree<{ receivers: number }>;
  readonly #fans: Map<string, number>;

  /**
   * @param filters of the subscribers, without `$share/…/`
   * @param isShared they are one group: each message reaches one of those with the same filter
   */
  constructor(filters: readonly string[], isShared: boolean) {
    this.#tree = new FilterTree();
    this.#fans = new Map();
    const counts = new Map<string, number>();
    for (const filter of filters) counts.set(filter, (counts.get(filter) ?? 0) + 1);
    for (const [filter, count] of counts) {
      this.#tree.set(filter, { receivers: isShared ? 1 : count });
    }
  }

  /**
   * Deliveries of one message on any of these topics.
   *
   * @throws RangeError when the topics differ in this
   */
  fanOf(topics: readonly string[]): number {
    const fans = new Set(topics.map(topic => this.#fan(topic)));
    if (fans.size <= 1) return fans.values().next().value ?? 0;
    const found = [...fans].join(' and ');
    throw new RangeError(
      `topics of one publisher reach ${found} subscribers; each must reach the same number`,
    );
  }

  #fan(topic: string): number {
    const known = this.#fans.get(topic);
    if (known !== undefined) return known;
    const matches: { receivers: number }[] = [];
    this.#tree.match(topic, matches);
    const fan = matches.reduce((sum, { receivers }) => sum + receivers, 0);
    this.#fans.set(topic, fan);
    return fan;
  }
}
