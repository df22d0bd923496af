/**
 * Topic levels, each stored once under a small id and counted by reference. Finds a level inside a
 * topic without cutting it out: the characters are hashed in place, and compared only on a hit.
 */
import { HashSlots } from './hash-slots.ts';

/** The ids of the wildcards, which are always known. Every other id is larger; 0 is no level. */
export const plusLevel = 1;
export const hashLevel = 2;

const slash = 0x2f;
const initialReferences = 16;
/** Up to this many characters engines copy a slice instead of pointing into its source. */
const copiedSlice = 12;

/** Interned levels. */
export class LevelTable {
  /** Offset after the level that {@link lookup} read last: of its '/', or the text's length. */
  end = 0;
  readonly #seed: number;
  #hash = 0;
  readonly #slots: HashSlots = new HashSlots();
  readonly #texts: string[] = [''];
  /** References by id; for an unused id, the next unused one. */
  #references: Int32Array = new Int32Array(initialReferences);
  #free = 0;
  #count = 0;

  /** @param seed any integer; a random one keeps peers from choosing levels whose hashes collide */
  constructor(seed: number) {
    this.#seed = seed | 0;
    this.lookup('+', 0);
    this.add('+', 0);
    this.lookup('#', 0);
    this.add('#', 0);
    this.#count = 0;
  }

  /** Levels held, wildcards not counted. */
  get count(): number {
    return this.#count;
  }

  /** The id of the level that begins at `start`, or 0. Sets {@link end}. */
  lookup(text: string, start: number): number {
    const length = text.length;
    let hash = this.#seed;
    let end = start;
    for (; end < length; end += 1) {
      const character = text.charCodeAt(end);
      if (character === slash) break;
      hash = Math.imul(hash ^ character, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    this.end = end;
    this.#hash = hash;
    const { pairs, mask } = this.#slots;
    for (let at = (hash << 1) & mask; pairs[at + 1] !== 0; at = (at + 2) & mask) {
      if (pairs[at] === hash && this.#equals(pairs[at + 1], text, start, end)) {
        return pairs[at + 1];
      }
    }
    return 0;
  }

  /** Stores the level that {@link lookup} has just not found, with one reference. */
  add(text: string, start: number): number {
    let id = this.#free;
    if (id === 0) {
      id = this.#texts.length;
      if (id === this.#references.length) this.#references = doubled(this.#references);
    } else {
      this.#free = this.#references[id];
    }
    this.#texts[id] = cut(text, start, this.end);
    this.#references[id] = 1;
    this.#slots.insert(this.#hash, id);
    this.#count += 1;
    return id;
  }

  retain(id: number): void {
    this.#references[id] += 1;
  }

  /** Gives back one reference; with the last one the level is gone. */
  release(id: number): void {
    this.#references[id] -= 1;
    if (this.#references[id] !== 0) return;
    this.lookup(this.#texts[id], 0);
    this.#slots.remove(this.#hash, id);
    this.#texts[id] = '';
    this.#references[id] = this.#free;
    this.#free = id;
    this.#count -= 1;
  }

  text(id: number): string {
    return this.#texts[id];
  }

  #equals(id: number, text: string, start: number, end: number): boolean {
    const level = this.#texts[id];
    if (level.length !== end - start) return false;
    for (let at = 0; at < level.length; at += 1) {
      if (level.charCodeAt(at) !== text.charCodeAt(start + at)) return false;
    }
    return true;
  }
}

/** A copy of its own: a longer slice may keep the whole text, up to 64 KB, alive for one level. */
function cut(text: string, start: number, end: number): string {
  const level = text.slice(start, end);
  return level.length <= copiedSlice ? level : [level[0], level.slice(1)].join('');
}

function doubled(array: Int32Array): Int32Array {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}
