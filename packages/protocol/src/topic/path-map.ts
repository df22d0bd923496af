/**
 * A map from '/'-separated paths to values, kept as a tree of levels: what the tree of filters and
 * the tree of topics have in common. Their matching is in the subclasses.
 */
import { LevelTable } from './level-table.ts';
import { levelField, NodeTable, nodeShift, parentField, root } from './node-table.ts';

/** Emptied trees with more nodes than this give their memory back. */
const nodesKept = 1024;

/**
 * Paths to values. Paths are taken as they are: whoever stores one has validated it. Nodes and
 * levels that no path needs any longer are reused, so that churn costs no memory.
 */
export abstract class PathMap<T extends NonNullable<unknown>> {
  protected levels: LevelTable;
  protected nodes: NodeTable;
  /** By node. */
  protected values: (T | undefined)[] = [undefined];
  readonly #seed: number;
  #size = 0;

  /** @param hashSeed any integer; a random one keeps peers from choosing levels that collide */
  constructor(hashSeed: number = 0) {
    this.#seed = hashSeed;
    this.levels = new LevelTable(hashSeed);
    this.nodes = new NodeTable(hashSeed);
  }

  /** Number of paths. */
  get size(): number {
    return this.#size;
  }

  /** Levels that the paths take up, shared ones counted once: what memory goes by. */
  get nodeCount(): number {
    return this.nodes.count;
  }

  get(path: string): T | undefined {
    return this.values[this.#find(path)];
  }

  /** Maps `path` to `value`. @returns what it was mapped to before */
  set(path: string, value: T): T | undefined {
    const { levels, nodes, values } = this;
    let node = root;
    let start = 0;
    while (start <= path.length) {
      let level = levels.lookup(path, start);
      let child = level === 0 ? 0 : nodes.child(node, level);
      if (child === 0) {
        if (level === 0) level = levels.add(path, start);
        else levels.retain(level);
        child = nodes.add(node, level);
        values[child] = undefined;
      }
      node = child;
      start = levels.end + 1;
    }
    const previous = values[node];
    values[node] = value;
    if (previous === undefined) this.#size += 1;
    return previous;
  }

  /** Removes `path`. @returns what it was mapped to */
  delete(path: string): T | undefined {
    const node = this.#find(path);
    const previous = this.values[node];
    if (previous === undefined) return undefined;
    this.values[node] = undefined;
    this.#size -= 1;
    this.prune(node);
    if (this.nodes.count === 0 && this.nodes.end > nodesKept) this.clear();
    return previous;
  }

  clear(): void {
    this.levels = new LevelTable(this.#seed);
    this.nodes = new NodeTable(this.#seed);
    this.values = [undefined];
    this.#size = 0;
  }

  /**
   * All paths with their values, in no particular order. The map may change between steps: what
   * was there all the time is visited exactly once.
   */
  *entries(): Generator<[path: string, value: T], void, undefined> {
    const { values } = this;
    for (let node = 1; node < values.length && values === this.values; node += 1) {
      const value = values[node];
      if (value !== undefined) yield [this.#path(node), value];
    }
  }

  /** Removes `node`, and then its ancestors, as far as nothing needs them. */
  protected prune(node: number): void {
    const { levels, nodes, values } = this;
    let bare = node;
    while (bare !== root && values[bare] === undefined && nodes.isBare(bare)) {
      const base = bare << nodeShift;
      const parent = nodes.fields[base + parentField];
      levels.release(nodes.fields[base + levelField]);
      nodes.remove(bare);
      bare = parent;
    }
  }

  /** The node of a path, or the root, which never has a value. */
  #find(path: string): number {
    const { levels, nodes } = this;
    let node = root;
    let start = 0;
    while (start <= path.length) {
      const level = levels.lookup(path, start);
      if (level === 0) return root;
      node = nodes.child(node, level);
      if (node === 0) return root;
      start = levels.end + 1;
    }
    return node;
  }

  #path(node: number): string {
    const { fields } = this.nodes;
    const texts: string[] = [];
    for (let at = node; at !== root; at = fields[(at << nodeShift) + parentField]) {
      texts.push(this.levels.text(fields[(at << nodeShift) + levelField]));
    }
    return texts.reverse().join('/');
  }
}
