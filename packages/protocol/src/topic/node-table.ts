/**
 * The nodes of a tree of topic levels, in one typed array: half a cache line per node, no objects.
 * An edge (parent, level) is found by hash. Knows level ids only, neither their text nor any value.
 */
import { HashSlots } from './hash-slots.ts';
import { hashLevel, plusLevel } from './level-table.ts';

/** Node 0 is the root; as a link, 0 therefore means none. */
export const root = 0;

/** The fields of node n stand at `(n << nodeShift) + field`. */
export const nodeShift = 3;
export const parentField = 0;
export const levelField = 1;
/** First of the children that are neither '+' nor '#', which are linked as siblings. */
export const firstField = 2;
export const nextField = 3;
const previousField = 4;
/** The child '+', and the child '#'. */
export const plusField = 5;
export const hashField = 6;
/** How many walks rest on the node, which keeps it from being removed. */
export const pinsField = 7;

const initialNodes = 16;

/** Nodes, their edges and a free list. */
export class NodeTable {
  fields: Int32Array = new Int32Array(initialNodes << nodeShift);
  readonly #edges: HashSlots = new HashSlots();
  readonly #seed: number;
  #end = 1;
  #free = 0;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Nodes in use, the root not counted. */
  get count(): number {
    return this.#count;
  }

  /** Every node in use is below this. */
  get end(): number {
    return this.#end;
  }

  /** The child of `parent` with this level, wildcard or not, or 0. */
  child(parent: number, level: number): number {
    if (level === plusLevel) return this.fields[(parent << nodeShift) + plusField];
    if (level === hashLevel) return this.fields[(parent << nodeShift) + hashField];
    return this.literalChild(parent, level);
  }

  /** The child of `parent` with this level, which is no wildcard, or 0. */
  literalChild(parent: number, level: number): number {
    const hash = edgeHash(parent, level, this.#seed);
    const { fields } = this;
    const { pairs, mask } = this.#edges;
    for (let at = (hash << 1) & mask; pairs[at + 1] !== 0; at = (at + 2) & mask) {
      if (pairs[at] !== hash) continue;
      const node = pairs[at + 1];
      const base = node << nodeShift;
      if (fields[base + parentField] === parent && fields[base + levelField] === level) return node;
    }
    return 0;
  }

  /** Adds a child that is not there yet. */
  add(parent: number, level: number): number {
    const node = this.#allocate();
    const { fields } = this;
    const base = node << nodeShift;
    const parentBase = parent << nodeShift;
    fields.fill(0, base, base + (1 << nodeShift));
    fields[base + parentField] = parent;
    fields[base + levelField] = level;
    if (level === plusLevel) {
      fields[parentBase + plusField] = node;
    } else if (level === hashLevel) {
      fields[parentBase + hashField] = node;
    } else {
      const next = fields[parentBase + firstField];
      fields[base + nextField] = next;
      if (next !== 0) fields[(next << nodeShift) + previousField] = node;
      fields[parentBase + firstField] = node;
      this.#edges.insert(edgeHash(parent, level, this.#seed), node);
    }
    this.#count += 1;
    return node;
  }

  /** Removes a node that {@link isBare}. */
  remove(node: number): void {
    const { fields } = this;
    const base = node << nodeShift;
    const parent = fields[base + parentField];
    const level = fields[base + levelField];
    const parentBase = parent << nodeShift;
    if (level === plusLevel) {
      fields[parentBase + plusField] = 0;
    } else if (level === hashLevel) {
      fields[parentBase + hashField] = 0;
    } else {
      const next = fields[base + nextField];
      const previous = fields[base + previousField];
      if (next !== 0) fields[(next << nodeShift) + previousField] = previous;
      if (previous !== 0) fields[(previous << nodeShift) + nextField] = next;
      else fields[parentBase + firstField] = next;
      this.#edges.remove(edgeHash(parent, level, this.#seed), node);
    }
    fields[base + nextField] = this.#free;
    this.#free = node;
    this.#count -= 1;
  }

  /** Whether the node has no child and no walk rests on it. */
  isBare(node: number): boolean {
    const { fields } = this;
    const base = node << nodeShift;
    return (
      (fields[base + firstField] |
        fields[base + plusField] |
        fields[base + hashField] |
        fields[base + pinsField]) ===
      0
    );
  }

  #allocate(): number {
    const reused = this.#free;
    if (reused !== 0) {
      this.#free = this.fields[(reused << nodeShift) + nextField];
      return reused;
    }
    const node = this.#end;
    const capacity = this.fields.length >> nodeShift;
    if (node === capacity) {
      const grown = new Int32Array((capacity + (capacity >> 1)) << nodeShift);
      grown.set(this.fields);
      this.fields = grown;
    }
    this.#end = node + 1;
    return node;
  }
}

function edgeHash(parent: number, level: number, seed: number): number {
  let hash = Math.imul(parent ^ seed, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ level, 0xc2b2ae35);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x27d4eb2f);
  return hash ^ (hash >>> 16);
}
