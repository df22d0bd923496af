/**
 * A map from topic names to values that finds all topics matching a filter: the reverse of the
 * filter tree, made for retained messages.
 */
import type { LevelTable } from './level-table.ts';
import {
  firstField,
  levelField,
  type NodeTable,
  nextField,
  nodeShift,
  parentField,
  pinsField,
  root,
} from './node-table.ts';
import { PathMap } from './path-map.ts';

/** Topic names (valid ones) to values. */
export class TopicTree<T extends NonNullable<unknown>> extends PathMap<T> {
  /**
   * The values of all topics that match a valid filter (without `$share/…/`), found as they are
   * asked for, in no particular order. The tree may change between steps: topics that are there
   * all the time are visited exactly once. A walk not run to its end is to be closed (`return()`,
   * which leaving a `for…of` does); until then it holds the topic that it rests on in memory.
   */
  *match(filter: string): Generator<T, void, undefined> {
    const { nodes } = this;
    const walk = new Walk(nodes, this.levels, filter);
    let pinned = root;
    try {
      do {
        if (pinned !== root) this.#unpin(pinned);
        pinned = root;
        const value = walk.isMatch ? this.values[walk.node] : undefined;
        if (value === undefined) continue;
        pinned = walk.node;
        nodes.fields[(pinned << nodeShift) + pinsField] += 1;
        yield value;
        if (this.nodes !== nodes) return; // cleared meanwhile
      } while (walk.advance());
    } finally {
      if (pinned !== root && this.nodes === nodes) this.#unpin(pinned);
    }
  }

  #unpin(node: number): void {
    this.nodes.fields[(node << nodeShift) + pinsField] -= 1;
    this.prune(node);
  }
}

/** Depth first through the nodes that match; needs no stack, since nodes know their way up. */
class Walk {
  node: number = root;
  readonly #nodes: NodeTable;
  readonly #levels: LevelTable;
  /** The levels of the filter, without a final '#'. */
  readonly #wanted: readonly string[];
  readonly #subtree: boolean;
  #depth = 0;

  constructor(nodes: NodeTable, levels: LevelTable, filter: string) {
    const wanted = filter.split('/');
    this.#nodes = nodes;
    this.#levels = levels;
    this.#subtree = wanted.at(-1) === '#';
    if (this.#subtree) wanted.pop();
    this.#wanted = wanted;
  }

  /** Whether the filter matches the node; otherwise the node is only on the way. */
  get isMatch(): boolean {
    return this.#depth >= this.#wanted.length;
  }

  /** Goes to the next node. @returns false at the end */
  advance(): boolean {
    let depth = this.#depth + 1;
    let next = this.#below();
    while (next === 0 && depth > 1) {
      depth -= 1;
      if (this.#isWildcard(depth - 1)) next = this.#visible(this.#field(nextField), depth);
      if (next === 0) this.node = this.#field(parentField);
    }
    this.node = next;
    this.#depth = depth;
    return next !== 0;
  }

  /** The first child to be walked. */
  #below(): number {
    const depth = this.#depth;
    if (this.#isWildcard(depth)) return this.#visible(this.#field(firstField), depth + 1);
    if (depth === this.#wanted.length) return 0;
    const level = this.#levels.lookup(this.#wanted[depth], 0);
    return level === 0 ? 0 : this.#nodes.literalChild(this.node, level);
  }

  #isWildcard(depth: number): boolean {
    return depth < this.#wanted.length ? this.#wanted[depth] === '+' : this.#subtree;
  }

  /** `node` or the next of its siblings, at this depth, that a wildcard may match. */
  #visible(node: number, depth: number): number {
    let at = node;
    // [MQTT-4.7.2-1] a leading wildcard does not match a leading '$'
    while (at !== 0 && depth === 1 && this.#isHidden(at)) {
      at = this.#nodes.fields[(at << nodeShift) + nextField];
    }
    return at;
  }

  #isHidden(node: number): boolean {
    return this.#levels.text(this.#nodes.fields[(node << nodeShift) + levelField]).startsWith('$');
  }

  #field(field: number): number {
    return this.#nodes.fields[(this.node << nodeShift) + field];
  }
}
